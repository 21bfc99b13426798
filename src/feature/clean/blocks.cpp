#include "feature/clean/blocks.h"

#include <algorithm>

namespace twin::feature::html {
namespace {

/// What a block costs however short: menus are many of them.
constexpr double block_cost = 20;
constexpr double item_cost = 12;
/// A column in a link costs what two columns of prose are worth.
constexpr double link_cost = 2.0;
constexpr std::uint32_t good_length = 80;

struct WorthTags {
  TagSet headings{"h1 h2 h3 h4 h5 h6"};
  TagSet items{"li td th dd dt"};
  TagSet code{"pre"};
};
const WorthTags& worth_tags() {
  static const WorthTags instance;
  return instance;
}

double worth(const Element& block) {
  if (block.run == 0) return 0;
  const double plain = block.run - block.run_links;
  if (worth_tags().headings.has(block.tag)) return block.run_links * 2 > block.run ? -20.0 : 5.0;
  if (worth_tags().code.has(block.tag)) return plain;
  const double cost = worth_tags().items.has(block.tag) ? item_cost : block_cost;
  return plain - link_cost * block.run_links - cost;
}

}  // namespace

BlockValues block_values(const PageMap& page) {
  BlockValues values;
  values.sum.assign(page.size(), 0.0);
  values.good.assign(page.size(), 0.0);
  for (std::size_t i = 0; i < page.size(); ++i) {
    if (page[i].reason != 0) {
      i = page[i].end - 1;
      continue;
    }
    values.sum[i] = worth(page[i]);
    values.good[i] = std::max(0.0, values.sum[i]);
  }
  for (std::size_t i = page.size(); i-- > 1;) {
    if (page[i].reason != 0) continue;
    values.sum[page[i].parent] += values.sum[i];
    values.good[page[i].parent] += values.good[i];
  }
  return values;
}

bool is_good_block(const Element& block) {
  return block.run >= good_length && block.run_links * 2 < block.run && !worth_tags().headings.has(block.tag);
}

}  // namespace twin::feature::html
