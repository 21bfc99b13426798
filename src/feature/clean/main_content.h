// Which part of a page is the writing.
#pragma once

#include <string>
#include <vector>

#include "feature/category.h"
#include "feature/clean/page_map.h"

namespace twin::feature::html {

struct MainContent {
  std::size_t index = 0;  ///< the element that holds the writing; what is below and no writing was taken out
  std::string found_by;   ///< the category's selector, "article", "body text", "density" or "page"
};

/// Finds the element that holds the writing and takes out of it what is none: first by the category's main_selectors
/// (then only what the category and HTML itself say is left out), else by names, blocks of text and links. A page of
/// which little would be left is read again with fewer removals. Every removal is in the map with its reason.
/// read_hints() must have been called.
[[nodiscard]] Result<MainContent> find_main(const Document& document, PageMap& page, const CleanRules& rules);

}  // namespace twin::feature::html
