// The element of a page that holds most of the writing and least of anything else.
#pragma once

#include "feature/clean/blocks.h"
#include "feature/clean/main_content.h"

namespace twin::feature::html {

/// By the worth of blocks (see blocks.h), names (hint_body), <article> and <main>. PageMap::weigh() and read_hints()
/// must have been called.
[[nodiscard]] MainContent choose_main(const PageMap& page, const BlockValues& values);

/// Goes up from the chosen element where what stands beside it belongs to the writing (the lead above the text, further
/// parts of the same kind); takes out whatever else stands there. Returns the element that then holds the writing.
[[nodiscard]] std::size_t join_siblings(PageMap& page, const BlockValues& values, std::size_t chosen);

}  // namespace twin::feature::html
