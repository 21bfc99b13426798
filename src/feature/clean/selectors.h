// The CSS selectors of a category against a whole page: names of classes and ids in one walk, what is left by lexbor.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "feature/clean/page_map.h"

namespace twin::feature::html {

struct SelectorMatch {
  std::size_t index = 0;           ///< of the element in the map
  std::string_view selector = {};  ///< view of the list given
};

/// Elements that match any of the selectors, in document order; each once, with the first selector of the list.
/// An invalid selector is ErrorKind::usage.
[[nodiscard]] Result<std::vector<SelectorMatch>> match_selectors(const Document& document, const PageMap& page,
                                                                 const std::vector<std::string>& selectors);

/// Elements that one selector matches, as indexes in document order.
[[nodiscard]] Result<std::vector<std::size_t>> match_selector(const Document& document, const PageMap& page,
                                                              const std::string& selector);

}  // namespace twin::feature::html
