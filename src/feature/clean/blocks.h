// What each block of text on a page is worth: prose is worth its length, links and scraps cost.
#pragma once

#include <vector>

#include "feature/clean/page_map.h"

namespace twin::feature::html {

struct BlockValues {
  // By element, of all blocks in it and below; what was taken out counts nothing.
  std::vector<double> sum;   ///< worth
  std::vector<double> good;  ///< worth of those blocks alone that are worth something
};

/// PageMap::weigh() must have been called.
[[nodiscard]] BlockValues block_values(const PageMap& page);

/// A paragraph in good standing: long enough to be a sentence or two, and no list of links.
[[nodiscard]] bool is_good_block(const Element& block);

}  // namespace twin::feature::html
