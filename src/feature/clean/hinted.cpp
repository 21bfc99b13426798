#include "feature/clean/hinted.h"

#include <algorithm>
#include <unordered_map>

#include "feature/clean/hints.h"

namespace twin::feature::html {
namespace {

constexpr std::uint32_t never_writing = hint_comments | hint_share | hint_related | hint_navigation | hint_advertising |
                                        hint_promotion | hint_author | hint_tags | hint_sidebar | hint_legal |
                                        hint_interface | hint_contents;

/// A name that holds for this share of the page's text is about the page, not about a box on it ("with-sidebar").
constexpr double most_of_page = 0.4;
/// Longest bylines, credits and boxes about an author.
constexpr std::uint32_t longest_byline = 200, longest_credit = 160, longest_author = 1500, longest_tags = 600;

struct HintedTags {
  TagSet whole{"html body main"};
  TagSet headings{"h1 h2 h3 h4 h5 h6"};
  TagSet flow{"span a button label i b strong em small"};
  TagSet table_parts{"table tbody thead tfoot tr"};
  TagSet text{"p h1 h2 h3 h4 h5 h6 blockquote pre code"};
  unsigned h1 = tag_of_name("h1"), p = tag_of_name("p"), article = tag_of_name("article"), a = tag_of_name("a"),
           img = tag_of_name("img"), span = tag_of_name("span");
};
const HintedTags& hinted_tags() {
  static const HintedTags instance;
  return instance;
}

/// Whether the article itself is likely to stand in there.
bool holds_article(const PageMap& page, std::size_t index) {
  const Element& box = page[index];
  for (std::size_t i = index + 1; i < box.end; ++i) {
    const Element& inner = page[i];
    if (inner.reason != 0) {
      i = inner.end - 1;
      continue;
    }
    const bool big = inner.text * 2 > box.text;
    if (big && ((inner.hints & hint_body) != 0 || inner.tag == hinted_tags().article) &&
        (inner.hints & never_writing) == 0) {
      return true;
    }
  }
  return false;
}

bool holds_text_block(const PageMap& page, std::size_t index, std::uint32_t columns) {
  for (std::size_t i = index; i < page[index].end; ++i) {
    if (page[i].run >= columns && page[i].run_links * 2 < page[i].run) return true;
  }
  return false;
}

bool is_card(const PageMap& page, std::size_t index) {
  const Element& e = page[index];
  constexpr std::uint32_t longest_card = 500;
  if (e.text == 0 || e.text > longest_card || e.links == 0) return false;
  if (e.in_link) return true;
  bool heading = false, picture = false;
  for (std::size_t i = index + 1; i < e.end; ++i) {
    heading =
        heading || (hinted_tags().headings.has(page[i].tag) && page[i].run > 0 && page[i].run_links * 2 > page[i].run);
    heading = heading || (page[i].in_link && hinted_tags().headings.has(page[i].tag));
    picture = picture || (page[i].in_link && page[i].tag == hinted_tags().img);
  }
  return heading || (picture && e.links * 10 >= e.text * 3);
}

/// The hint for which the element goes; 0: it stays.
std::uint32_t verdict(const PageMap& page, std::size_t index) {
  const Element& e = page[index];
  const std::uint32_t hints = e.hints;
  if (hinted_tags().whole.has(e.tag)) return 0;
  const bool block = block_tags().has(e.tag);
  if (!block) {
    // Inline elements are parts of sentences; only what is never one goes.
    if ((hints & hint_credit) != 0 && e.text <= 100) return hint_credit;
    const bool alone = e.block != 0 && page[e.block].run <= e.text + 2 && page[e.block].tag != hinted_tags().p;
    if (!alone) return 0;
    const std::uint32_t light = hints & (hint_share | hint_interface | hint_byline | hint_credit | hint_tags);
    return e.text <= longest_byline ? light : 0;
  }
  const double all = std::max<double>(1, page[0].text);
  const double share = e.text / all;
  const bool links = e.links * 2 > e.text;
  if ((hints & hint_comments) != 0 && share < 0.95) {
    return holds_article(page, index) || e.tag == hinted_tags().article ? 0u : std::uint32_t{hint_comments};
  }
  if (hinted_tags().headings.has(e.tag) && (hints & (hint_share | hint_related | hint_comments)) == 0) return 0;
  std::uint32_t bad = hints & never_writing;
  if ((bad & hint_author) != 0 && e.text > longest_author) bad &= ~hint_author;
  if ((bad & hint_tags) != 0 && (e.text > longest_tags && !links)) bad &= ~hint_tags;
  if (bad != 0 && (share < most_of_page || (links && share < 0.7)) && !holds_article(page, index)) return bad;
  if (e.tag == hinted_tags().p && e.text > 100) return 0;
  if ((hints & hint_byline) != 0 && e.text <= longest_byline && !holds_text_block(page, index, 120)) return hint_byline;
  if ((hints & hint_credit) != 0 && e.text <= longest_credit) return hint_credit;
  const bool teaser = (hints & hint_teaser) != 0 && e.tag != hinted_tags().p && e.text < 600 && share < 0.25;
  if (teaser && (hints & hint_body) == 0 && (is_card(page, index) || links)) return hint_teaser;
  return 0;
}

/// What a sibling must share to be of one kind.
struct Kind {
  std::uint8_t tag;
  std::string_view names;
  bool operator==(const Kind&) const = default;
};
struct KindHash {
  std::size_t operator()(const Kind& kind) const { return std::hash<std::string_view>()(kind.names) * 31 + kind.tag; }
};

}  // namespace

void drop_hinted(PageMap& page, const std::vector<bool>& kept) {
  for (std::size_t i = 1; i < page.size(); ++i) {
    if (page[i].reason == 0 && page[i].hints != 0 && !kept[i]) {
      if (const auto hint = verdict(page, i); hint != 0) page.remove(i, hint_name(hint));
    }
    if (page[i].reason != 0) i = page[i].end - 1;
  }
}

void drop_unseen(PageMap& page, const std::vector<bool>& kept) {
  constexpr double most = 0.3;  // of the page: the name says something else there
  for (std::size_t i = 1; i < page.size(); ++i) {
    const Element& e = page[i];
    if (e.reason == 0 && (e.hints & hint_hidden) != 0 && !kept[i] && !hinted_tags().whole.has(e.tag) &&
        e.text <= most * page[0].text) {
      page.remove(i, hint_name(hint_hidden));
    }
    if (e.reason != 0) i = e.end - 1;
  }
}

void drop_cards(PageMap& page, const std::vector<bool>& kept) {
  constexpr std::size_t fewest = 3;
  std::unordered_map<Kind, std::vector<std::size_t>, KindHash> kinds;
  for (std::size_t up = 0; up < page.size(); ++up) {
    if (page[up].reason != 0) {
      up = page[up].end - 1;
      continue;
    }
    kinds.clear();
    std::vector<Kind> order;
    for (std::size_t child = up + 1; child < page[up].end; child = page[child].end) {
      if (page[child].reason != 0 || kept[child] || hinted_tags().text.has(page[child].tag) ||
          !block_tags().has(page[child].tag)) {
        continue;
      }
      const Kind kind{page[child].tag, class_of(page[child].node)};
      auto& members = kinds[kind];
      if (members.empty()) order.push_back(kind);
      members.push_back(child);
    }
    for (const Kind& kind : order) {
      const auto& members = kinds[kind];
      if (members.size() < fewest) continue;
      const auto cards = std::count_if(members.begin(), members.end(), [&](std::size_t i) { return is_card(page, i); });
      if (static_cast<std::size_t>(cards) * 10 < members.size() * 7) continue;
      for (const std::size_t i : members) page.remove(i, hint_name(hint_teaser));
    }
  }
}

}  // namespace twin::feature::html
