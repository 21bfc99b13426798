// Which part of a page is the writing, and what around it goes.
#pragma once

#include <map>
#include <string>

#include "feature/category.h"
#include "feature/clean/dom.h"

namespace twin::feature::html {

/// Takes out what is never writing (scripts, navigation, forms, page headers and footers) and what the category's
/// drop_selectors name. Returns how many of each were removed: "nav" → 2, ".docnav" → 1.
[[nodiscard]] Result<std::map<std::string, int>> drop_chrome(const Document& document, const CleanRules& rules);

struct MainContent {
  Node* node = nullptr;
  std::string found_by;  ///< the selector, "article", "main", "density" or "body"
};

/// The element that holds the writing: by the category's main_selectors, then <article>, <main> or role=main, then the
/// element with the densest paragraphs, then the body.
[[nodiscard]] Result<MainContent> find_main(const Document& document, const CleanRules& rules);

}  // namespace twin::feature::html
