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

/// Reasons of drop_chrome() and of the category stay; what was a guess is put back.
bool is_guess(std::string_view reason) {
  static const std::vector<std::string_view> guesses = [] {
    std::vector<std::string_view> out = {"outside the main content", "links", "line before the text",
                                         "line behind the text", "label"};
    for (std::uint32_t bit = 0; bit < 24; ++bit) {
      if (const auto hint = hint_name(1u << bit); !hint.empty()) out.push_back(hint);
    }
    return out;
  }();
  return std::find(guesses.begin(), guesses.end(), reason) != guesses.end();
}

MainContent attempt(PageMap& page, const std::vector<bool>& kept, bool by_name) {
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
  return main;
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
  page.weigh();

  for (const auto& selector : rules.main_selectors) {
    const auto nodes = document.select(document.root(), selector);
    if (!nodes) return tl::unexpected(nodes.error());
    for (const Node* node : *nodes) {
      if (mark_of(node) == 0 || page.is_removed(node)) continue;
      const std::size_t index = page.index_of(node);
      if (page[index].text > 0) return MainContent{index, selector};
    }
  }

  const std::uint32_t all = page[0].text;
  MainContent main = attempt(page, kept, true);
  if (page[main.index].text >= enough || page[main.index].text * 2 >= all) return main;
  page.restore_if(is_guess);
  page.weigh();
  MainContent again = attempt(page, kept, false);
  if (page[again.index].text < enough && page[again.index].text * 3 < all) again = {0, "page"};
  return again;
}

}  // namespace twin::feature::html
