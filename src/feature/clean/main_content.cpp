#include "feature/clean/main_content.h"

#include <algorithm>

#include "feature/clean/choose.h"
#include "feature/clean/chrome.h"
#include "feature/clean/hinted.h"
#include "feature/clean/hints.h"
#include "feature/clean/prune.h"
#include "feature/clean/selectors.h"

namespace twin::feature::html {
namespace {

/// Columns of text that make an article; less is asked for again with fewer removals.
constexpr std::uint32_t enough = 250;

struct Attempt {
  MainContent main;
  double worth = 0;
};

Attempt attempt(PageMap& page, const std::vector<bool>& kept, bool by_name) {
  if (by_name) {
    drop_hinted(page, kept);
    page.weigh();
    drop_cards(page, kept);
    page.weigh();
  }
  const BlockValues values = block_values(page);
  MainContent main = choose_main(page, values);
  if (by_name) {
    main.index = join_siblings(page, values, main.index);
    page.weigh();
    prune(page, main.index, kept);
  }
  return {main, block_values(page).sum[main.index]};
}

}  // namespace

Result<MainContent> find_main(const Document& document, PageMap& page, const CleanRules& rules) {
  std::vector<bool> kept(page.size());
  const auto boxes = match_selectors(document, page, rules.quote_selectors);
  if (!boxes) return tl::unexpected(boxes.error());
  for (const auto& box : *boxes) kept[box.index] = true;
  const auto dropped = match_selectors(document, page, rules.drop_selectors);
  if (!dropped) return tl::unexpected(dropped.error());
  for (const auto& match : *dropped) {
    if (!one_of(name(page[match.index].node), "html body head")) page.remove(match.index, match.selector);
  }
  page.weigh();
  drop_chrome(page, kept);
  drop_unseen(page, kept);
  page.weigh();

  for (const auto& selector : rules.main_selectors) {
    const auto matches = match_selector(document, page, selector);
    if (!matches) return tl::unexpected(matches.error());
    for (const std::size_t index : *matches) {
      if (!page.is_removed(page[index].node) && page[index].text > 0) return MainContent{index, selector};
    }
  }

  const std::uint32_t all = page[0].text;
  if (all < enough) {  // a note, a fragment: no part of it stands out
    drop_hinted(page, kept);
    page.weigh();
    return MainContent{0, "page"};
  }
  PageMap careful = page;
  const Attempt first = attempt(careful, kept, true);
  const std::uint32_t found = careful[first.main.index].text;
  if (found >= enough || found * 2 >= all) {
    page = std::move(careful);
    return first.main;
  }
  // Little is left: names may have misled. Without them there must be much more than with them.
  constexpr double much_more = 2.5;
  PageMap plain = page;
  Attempt second = attempt(plain, kept, false);
  if (found > 0 && second.worth < much_more * std::max(first.worth, 0.0) + enough) {
    page = std::move(careful);
    return first.main;
  }
  if (plain[second.main.index].text >= enough || plain[second.main.index].text * 3 >= all) {
    page = std::move(plain);
    return second.main;
  }
  // No part stands out: the page, without what its names say is something else.
  plain = page;
  drop_hinted(page, kept);
  page.weigh();
  if (page[0].text * 3 < all) page = std::move(plain);
  return MainContent{0, "page"};
}

}  // namespace twin::feature::html
