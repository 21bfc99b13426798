#include "feature/clean/math.h"

#include "core/text/unicode.h"
#include "feature/clean/characters.h"

namespace twin::feature::html {
namespace {

std::string squeezed(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (!is_space(c)) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

Node* element_child(Node* node, int number) {
  for (Node* child = first_child(node); child != nullptr; child = next_sibling(child)) {
    if (is_element(child) && number-- == 0) return child;
  }
  return nullptr;
}

std::string linear(Node* node, int depth);

std::string grouped(Node* node, int depth) {
  std::string text = node == nullptr ? std::string() : linear(node, depth);
  return text.size() == 1 ? text : "{" + text + "}";
}

/// Presentation MathML on one line, in TeX's notation as far as its structure goes.
std::string linear(Node* node, int depth) {
  constexpr int deepest = 60;
  if (is_text(node)) return squeezed(data(node));
  if (!is_element(node) || depth > deepest) return {};
  const auto element = name(node);
  const auto part = [&](int number) { return grouped(element_child(node, number), depth + 1); };
  if (element == "annotation" || element == "annotation-xml") return {};
  if (element == "mfrac") return "\\frac" + part(0) + part(1);
  if (element == "msqrt") {
    std::string inner;
    for (Node* child = first_child(node); child != nullptr; child = next_sibling(child))
      inner += linear(child, depth + 1);
    return "\\sqrt{" + inner + "}";
  }
  if (element == "mroot") return "\\sqrt[" + part(1) + "]" + part(0);
  if (element == "msup" || element == "mover") return part(0) + "^" + part(1);
  if (element == "msub" || element == "munder") return part(0) + "_" + part(1);
  if (element == "msubsup" || element == "munderover") return part(0) + "_" + part(1) + "^" + part(2);
  std::string out;
  for (Node* child = first_child(node); child != nullptr; child = next_sibling(child)) {
    if (element == "mtr" && !out.empty() && is_element(child)) out += " & ";
    if (element == "mtable" && !out.empty() && is_element(child)) out += " \\\\ ";
    out += linear(child, depth + 1);
  }
  return out;
}

std::optional<Formula> of_mathml(Node* math) {
  Formula formula;
  formula.block = attribute(math, "display") == "block";
  walk(math, [&](Node* node) {
    const bool tex = name(node) == "annotation" && attribute(node, "encoding").find("tex") != std::string_view::npos;
    if (tex && formula.tex.empty()) formula.tex = squeezed(text_content(node));
    return formula.tex.empty();
  });
  if (formula.tex.empty()) formula.tex = squeezed(attribute(math, "alttext"));
  if (formula.tex.empty()) formula.tex = linear(math, 0);
  // Wikipedia sets everything in this group.
  constexpr std::string_view style = "{\\displaystyle ";
  if (formula.tex.starts_with(style) && formula.tex.ends_with('}')) {
    formula.tex = squeezed(std::string_view(formula.tex).substr(style.size(), formula.tex.size() - style.size() - 1));
  }
  for (const Node* up = parent(math); up != nullptr && is_element(up) && !one_of(name(up), "p td li body");
       up = parent(up)) {
    formula.block = formula.block || has_class(up, "katex-display") || attribute(up, "display") == "true" ||
                    has_class(up, "mwe-math-element-block");
  }
  if (formula.tex.empty()) return std::nullopt;
  return formula;
}

std::string_view source_of(const Node* script) {
  const Node* child = first_child(script);
  return child != nullptr && is_text(child) ? data(child) : std::string_view();
}

bool has_math_class(const Node* node) {
  for (const std::string_view word :
       {"latex", "tex", "math", "mwe-math-fallback-image-inline", "formula", "equation"}) {
    if (has_class(node, word)) return true;
  }
  return false;
}

}  // namespace

std::optional<Formula> formula_of(Node* node) {
  const auto element = name(node);
  if (element == "math") return of_mathml(node);
  if (element == "script") {
    const auto type = attribute(node, "type");
    if (type.substr(0, 8) != "math/tex") return std::nullopt;
    return Formula{squeezed(source_of(node)), type.find("mode=display") != std::string_view::npos};
  }
  if (element == "img" && has_math_class(node)) {
    const std::string tex = squeezed(attribute(node, "alt"));
    if (!tex.empty()) return Formula{tex, false};
  }
  return std::nullopt;
}

bool is_rendered_formula(const Node* node) {
  if (name(node) == "mjx-math") return true;
  // Asked of every element of a page: what has none of these in its class is turned away first.
  const std::string_view names = class_of(node);
  const auto mentions = [&](std::string_view part) { return names.find(part) != std::string_view::npos; };
  if (names.empty() || !(mentions("katex-html") || mentions("MathJax") || mentions("mwe-math-fallback"))) return false;
  if (!one_of(name(node), "span div img")) return false;
  bool shown = false;
  for (const std::string_view word :
       {"katex-html", "MathJax_Preview", "MathJax", "MathJax_Display", "MathJax_CHTML", "MathJax_SVG",
        "mwe-math-fallback-image-inline", "mwe-math-fallback-image-display"}) {
    shown = shown || has_class(node, word);
  }
  if (!shown) return false;
  // Only where the source stands near by: a picture alone is all there is.
  const auto is_source = [](const Node* beside) {
    return one_of(name(beside), "script math") || has_class(beside, "katex-mathml") ||
           class_of(beside).find("mwe-math-mathml") != std::string_view::npos;
  };
  const Node *before = node, *after = node;
  for (int i = 0; i < 4; ++i) {
    before = before == nullptr ? nullptr : previous_sibling(before);
    after = after == nullptr ? nullptr : next_sibling(after);
    if ((before != nullptr && is_source(before)) || (after != nullptr && is_source(after))) return true;
  }
  return false;
}

}  // namespace twin::feature::html
