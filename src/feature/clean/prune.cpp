#include "feature/clean/prune.h"

#include <algorithm>

#include "core/text/unicode.h"
#include "feature/clean/blocks.h"
#include "feature/clean/hints.h"
#include "feature/clean/phrases.h"

namespace twin::feature::html {
namespace {

constexpr double list_link_share = 0.65;
constexpr double paragraph_link_share = 0.85;
constexpr std::uint32_t longest_label = 100;
constexpr std::uint32_t longest_edge_line = 60;

struct PruneTags {
  TagSet headings{"h1 h2 h3 h4 h5 h6"};
  TagSet label{"p div span strong b h1 h2 h3 h4 h5 h6 dt li header legend summary figcaption section a"};
  TagSet lists{"ul ol div section table dl p li article figure details h2 h3 h4 h5 h6"};
  TagSet edge{"p div span li ul ol section header footer time dl dd dt table h2 h3 h4 h5 h6 figure figcaption"};
  TagSet text{"p ul ol dl table blockquote pre figure"};
  TagSet holds{"img pre math table blockquote"};
  TagSet code{"pre code"};
  unsigned p = tag_of_name("p"), h1 = tag_of_name("h1"), li = tag_of_name("li"), table = tag_of_name("table");
};
const PruneTags& prune_tags() {
  static const PruneTags instance;
  return instance;
}

/// Text of an element without what was taken out of it, up to so many bytes.
std::string label_text(const PageMap& page, std::size_t index) {
  std::string out;
  Node* root = page[index].node;
  for (Node* node = root; node != nullptr && out.size() < 300;) {
    if (is_text(node)) out += data(node);
    const bool skip = is_element(node) && node != root && page.removed_itself(node);
    if (is_element(node) && !skip && !out.empty() && block_tags().has(node)) out += ' ';
    Node* child = skip ? nullptr : first_child(node);
    node = child != nullptr ? child : next_skipping_children(root, node);
  }
  return out;
}

std::string_view reason_of(Phrase phrase) {
  switch (phrase) {
    case Phrase::related:
      return "related";
    case Phrase::comments:
      return "comments";
    case Phrase::promotion:
      return "promotion";
    case Phrase::share:
      return "share";
    default:
      return "label";
  }
}

int heading_level(const Element& element) {
  const auto tag = name(element.node);
  return prune_tags().headings.has(element.tag) ? tag[1] - '0' : 7;
}

/// Whether what follows a label may belong to it: links, scraps, teasers; not the article going on.
bool follows(const PageMap& page, std::size_t index) {
  const Element& e = page[index];
  if (e.text == 0) return true;
  if (e.links * 2 >= e.text) return true;
  if (e.text < 80) return e.tag != prune_tags().p || e.links > 0;
  // A card: text below a linked heading or beside a linked picture.
  return e.links * 4 >= e.text && e.text < 600 && e.tag != prune_tags().p;
}

/// "Read more: the title of another article", most of it a link.
bool is_pointer(const PageMap& page, std::size_t index) {
  const Element& e = page[index];
  constexpr std::uint32_t longest = 220;
  constexpr std::size_t longest_word = 40;
  if (e.text > longest || e.links * 5 < e.text * 2 || e.run < e.text / 2) return false;
  const std::string text = label_text(page, index);
  const std::size_t colon = text.find_first_of(":>|");
  if (colon == std::string::npos || colon > longest_word) return false;
  return phrase_of(std::string_view(text).substr(0, colon)) == Phrase::related;
}

/// A heading, or a short line that stands where a heading would, and what it heads.
void drop_labelled(PageMap& page, std::size_t top, const std::vector<bool>& kept) {
  for (std::size_t i = top + 1; i < page[top].end; ++i) {
    Element& e = page[i];
    if (e.reason != 0 || prune_tags().code.has(e.tag)) {
      i = e.end - 1;
      continue;
    }
    if (kept[i] || e.text == 0 || !prune_tags().label.has(e.tag) || !block_tags().has(e.tag)) continue;
    if (is_pointer(page, i)) {
      page.remove(i, "related");
      i = e.end - 1;
      continue;
    }
    if (e.text > longest_label) continue;
    const Phrase phrase = phrase_of(label_text(page, i));
    if (phrase == Phrase::none) continue;
    if (prune_tags().headings.has(e.tag) && (phrase == Phrase::label || phrase == Phrase::share) && e.text > 30)
      continue;
    page.remove(i, reason_of(phrase));
    const bool section = phrase == Phrase::related || phrase == Phrase::comments || phrase == Phrase::promotion;
    // The label may stand alone in a box whose siblings it heads.
    std::size_t box = i;
    while (page[box].parent > top && page[page[box].parent].text == page[box].text) box = page[box].parent;
    if (!section) {
      i = e.end - 1;
      continue;
    }
    const std::size_t around = page[box].parent;
    const int level = heading_level(e);
    for (std::size_t next = page[box].end; next < page[around].end; next = page[next].end) {
      if (page[next].reason != 0) continue;
      if (kept[next]) break;
      if (heading_level(page[next]) <= level && prune_tags().headings.has(page[next].tag)) break;
      if (!follows(page, next) && !(phrase == Phrase::comments && level < 7)) break;
      page.remove(next, reason_of(phrase));
    }
    i = e.end - 1;
  }
}

bool contains(const PageMap& page, std::size_t index, const TagSet& wanted) {
  for (std::size_t i = index + 1; i < page[index].end; ++i) {
    if (page[i].reason == 0 && wanted.has(page[i].tag)) return true;
  }
  return false;
}

/// Lists and boxes that are mostly links, unless the whole article is.
void drop_links(PageMap& page, std::size_t top, const std::vector<bool>& kept) {
  if (page[top].links * 2 > page[top].text) return;
  for (std::size_t i = top + 1; i < page[top].end; ++i) {
    const Element& e = page[i];
    if (e.reason != 0 || prune_tags().code.has(e.tag)) {
      i = e.end - 1;
      continue;
    }
    if (kept[i] || e.text == 0 || !prune_tags().lists.has(e.tag)) continue;
    const double share = static_cast<double>(e.links) / e.text;
    const bool paragraph = e.tag == prune_tags().p || e.tag == prune_tags().li || prune_tags().headings.has(e.tag);
    const bool drop = paragraph ? share >= paragraph_link_share && e.text < 250 && e.tag == prune_tags().p
                                : share >= list_link_share && !contains(page, i, prune_tags().code);
    if (drop) {
      page.remove(i, "links");
      i = e.end - 1;
    }
  }
}

/// Short lines before the first and behind the last paragraph, where they stand in boxes of their own.
void drop_edges(PageMap& page, std::size_t top, const std::vector<bool>& kept) {
  std::size_t first = 0, last = 0, good = 0;
  std::vector<bool> holds_paragraphs(page.size());  // what stands in there beside paragraphs is written like them
  for (std::size_t i = top; i < page[top].end; ++i) {
    if (page[i].reason != 0) {
      i = page[i].end - 1;
    } else if (is_good_block(page[i])) {
      if (first == 0) first = i;
      last = i;
      good += page[i].run;
      std::size_t up = page[i].parent;
      holds_paragraphs[up] = true;
      // Some editors wrap each paragraph in boxes of its own.
      while (up > top && page[up].text == page[i].text) {
        up = page[up].parent;
        holds_paragraphs[up] = true;
      }
    }
  }
  // Verse, talk and notes are made of short lines: then they are the text.
  if (first == 0 || good * 10 < std::size_t{page[top].text} * 6) return;
  for (std::size_t i = top + 1; i < page[top].end; ++i) {
    const Element& e = page[i];
    if (e.reason != 0) {
      i = e.end - 1;
      continue;
    }
    const bool before = e.end <= first, after = i > last && !page.inside(i, last);
    if ((!before && !after) || kept[i] || e.text == 0 || !prune_tags().edge.has(e.tag)) continue;
    if (!block_tags().has(e.tag) || prune_tags().headings.has(e.tag)) continue;
    // A list or a box beside the paragraphs is part of the text; what stands in a box above them may be a byline.
    const bool beside = holds_paragraphs[e.parent] && e.links * 2 < e.text && (after || prune_tags().text.has(e.tag)) &&
                        (e.hints & (hint_byline | hint_credit)) == 0;
    if (beside) {
      i = e.end - 1;
      continue;
    }
    const bool written =
        prune_tags().text.has(e.tag) && e.tag != prune_tags().p && e.links * 2 < e.text;  // a quote, a list
    if (written) {
      i = e.end - 1;
      continue;
    }
    if (e.text > longest_edge_line || contains(page, i, prune_tags().holds)) continue;
    page.remove(i, before ? "line before the text" : "line behind the text");
    i = e.end - 1;
  }
}

/// Headings that nothing follows: what they headed was taken out.
void drop_dangling(PageMap& page, std::size_t top) {
  bool followed = false;
  for (std::size_t i = page[top].end; i-- > top + 1;) {
    if (page.removed_above(i, top)) continue;
    const Element& e = page[i];
    if (prune_tags().headings.has(e.tag) && e.text > 0 && !followed && e.tag != prune_tags().h1) {
      page.remove(i, "heading without text");
    } else if (prune_tags().holds.has(e.tag) || (e.own > 0 && !prune_tags().headings.has(page[e.block].tag))) {
      followed = true;
      return;
    }
  }
}

}  // namespace

void prune(PageMap& page, std::size_t top, const std::vector<bool>& kept) {
  drop_labelled(page, top, kept);
  page.weigh();
  drop_links(page, top, kept);
  page.weigh();
  drop_edges(page, top, kept);
  drop_dangling(page, top);
  page.weigh();
}

}  // namespace twin::feature::html
