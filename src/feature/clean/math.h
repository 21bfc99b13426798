// Mathematics in HTML → TeX: MathML, KaTeX, MathJax, pictures of formulas.
#pragma once

#include <optional>
#include <string>

#include "feature/clean/dom.h"

namespace twin::feature::html {

struct Formula {
  std::string tex;
  bool block = false;  ///< set on a line of its own
};

/// The formula that an element is, nullopt for an element that is none: <math> (its TeX annotation or alttext, else its
/// parts written on one line), <script type="math/tex">, the boxes of KaTeX and MathJax around them, <img> of class
/// "latex", "tex" or "math" with the TeX as its alternative text.
[[nodiscard]] std::optional<Formula> formula_of(Node* node);

/// Whether an element only shows a formula whose source stands beside it (KaTeX's and MathJax's output).
[[nodiscard]] bool is_rendered_formula(const Node* node);

}  // namespace twin::feature::html
