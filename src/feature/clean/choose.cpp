#include "feature/clean/choose.h"

#include <algorithm>

#include "feature/clean/hints.h"

namespace twin::feature::html {
namespace {

/// An element named as the text of the article is it when it holds this share of the best element's worth.
constexpr double named_share = 0.5;
/// Of two such, one in the other, the inner one when it holds nearly all.
constexpr double inner_share = 0.9;
/// Without names: go down while one child holds this share.
constexpr double descend_share = 0.95;
/// How far above the text its lead may stand, in elements.
constexpr int lead_levels = 8;
constexpr std::uint32_t shortest_lead = 60, longest_lead = 1200;

struct ChoiceTags {
  TagSet containers{"div section article main td center form table tbody tr font span details fieldset body"};
  TagSet whole{"html body"};
  TagSet lead{"p div h2 h3 section span strong b blockquote header ul"};
  TagSet headings{"h1 h2 h3 h4 h5 h6"};
  unsigned article = tag_of_name("article"), main = tag_of_name("main"), h1 = tag_of_name("h1"), p = tag_of_name("p"),
           body = tag_of_name("body");
};
const ChoiceTags& choice_tags() {
  static const ChoiceTags instance;
  return instance;
}

bool is_named_body(const Element& element) {
  if (!choice_tags().containers.has(element.tag) || choice_tags().whole.has(element.tag)) return false;
  if ((element.hints & hint_body) != 0) return true;
  return has_attribute(element.node, "itemprop") && one_of("articleBody", attribute(element.node, "itemprop"));
}

/// The best of the elements that `wanted` names, inner ones before outer ones that hold little more.
template <class Wanted>
std::size_t best_of(const PageMap& page, const BlockValues& values, Wanted wanted) {
  std::size_t best = 0;
  double most = 0;
  for (std::size_t i = 1; i < page.size(); ++i) {
    if (page[i].reason != 0) {
      i = page[i].end - 1;
      continue;
    }
    if (values.good[i] <= 0 || !wanted(page[i])) continue;
    const bool better =
        values.good[i] > most || (best != 0 && page.inside(i, best) && values.good[i] >= most * inner_share);
    if (better) {
      best = i;
      most = values.good[i];
    }
  }
  return best;
}

bool has_paragraph(const PageMap& page, std::size_t index) {
  for (std::size_t child = index + 1; child < page[index].end; child = page[child].end) {
    if (page[child].reason == 0 && page[child].tag == choice_tags().p && is_good_block(page[child])) return true;
  }
  return false;
}

std::size_t densest(const PageMap& page, const BlockValues& values) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < page.size(); ++i) {
    if (page[i].reason != 0) {
      i = page[i].end - 1;
    } else if (choice_tags().containers.has(page[i].tag) && values.sum[i] >= values.sum[best]) {
      best = i;
    }
  }
  // A box in the article may be worth more than the article with its lists of links: where paragraphs stand beside the
  // box, what holds both is meant.
  while (best != 0 && !choice_tags().whole.has(page[page[best].parent].tag) && has_paragraph(page, page[best].parent)) {
    best = page[best].parent;
  }
  return best;
}

std::size_t descend(const PageMap& page, const BlockValues& values, std::size_t from, double floor) {
  for (std::size_t at = from;;) {
    if (is_named_body(page[at])) return at;
    std::size_t best = 0;
    for (std::size_t child = at + 1; child < page[at].end; child = page[child].end) {
      if (page[child].reason == 0 && choice_tags().containers.has(page[child].tag) &&
          (best == 0 || values.good[child] > values.good[best])) {
        best = child;
      }
    }
    if (best == 0 || values.good[best] < floor) return at;
    at = best;
  }
}

}  // namespace

MainContent choose_main(const PageMap& page, const BlockValues& values) {
  const std::size_t top = densest(page, values);
  if (values.sum[top] <= 0) return {0, "page"};
  if (const std::size_t named = best_of(page, values, is_named_body);
      named != 0 && values.good[named] >= values.good[top] * named_share) {
    return {named, "body text"};
  }
  const auto semantic = [](const Element& e) { return e.tag == choice_tags().article || e.tag == choice_tags().main; };
  std::size_t start = top;
  std::string found_by = "density";
  if (const std::size_t article = best_of(page, values, semantic);
      article != 0 && values.good[article] >= values.good[top] * 0.6) {
    start = article;
    found_by = "article";
  }
  return {descend(page, values, start, values.good[start] * descend_share), found_by};
}

namespace {

/// Whether a block above the text introduces it.
bool is_lead(const PageMap& page, std::size_t index) {
  const Element& e = page[index];
  if (!choice_tags().lead.has(e.tag) || e.text < shortest_lead || e.text > longest_lead) return false;
  if (e.links * 3 > e.text) return false;
  if ((e.hints & hint_lead) != 0) return true;
  return is_good_block(e) || (choice_tags().headings.has(e.tag) && e.run >= shortest_lead);
}

}  // namespace

std::size_t join_siblings(PageMap& page, const BlockValues& values, std::size_t chosen) {
  // The title of the page: what stands before it introduces nothing.
  std::size_t title = 0;
  for (std::size_t i = 1; i < chosen; ++i) {
    if (page[i].reason != 0) {
      i = page[i].end - 1;
    } else if (page[i].tag == choice_tags().h1 && page[i].run > 0) {
      title = i;
    }
  }
  std::vector<bool> joined(page.size());
  std::size_t top = chosen;
  const Element& text = page[chosen];
  std::size_t up = chosen;
  for (int level = 0; level < lead_levels && up != 0; ++level) {
    if (page[up].tag == choice_tags().body) break;
    const std::size_t around = page[up].parent;
    for (std::size_t child = around + 1; child < page[around].end; child = page[child].end) {
      if (page[child].reason != 0 || child == up) continue;
      const bool alike = page[child].tag == text.tag && class_of(page[child].node) == class_of(text.node) &&
                         !class_of(text.node).empty() && values.sum[child] > 60 && level < 2;
      if (alike) {
        joined[child] = true;
        top = around;
      }
      if (child > chosen) continue;
      // Leads stand below the title, or are named.
      for (std::size_t i = child; i < page[child].end; ++i) {
        if (page[i].reason != 0) {
          i = page[i].end - 1;
          continue;
        }
        const bool below_title = title != 0 && i > title;
        const bool named = (page[i].hints & hint_lead) != 0 && level < 5;
        if ((below_title || named) && is_lead(page, i)) {
          joined[i] = true;
          top = around;
          i = page[i].end - 1;
        }
      }
    }
    if (page[around].tag == choice_tags().article || page[around].tag == choice_tags().main) break;
    up = around;
  }
  if (top == chosen) return chosen;
  // Whatever else stands in the element that holds them all is no part of it.
  for (std::size_t i = top + 1; i < page[top].end; ++i) {
    if (page[i].reason != 0 || joined[i] || i == chosen) {
      i = page[i].end - 1;
      continue;
    }
    const auto holds = [&] {
      if (page.inside(chosen, i)) return true;
      for (std::size_t inner = i + 1; inner < page[i].end; ++inner) {
        if (joined[inner]) return true;
      }
      return false;
    };
    if (!holds()) {
      page.remove(i, "outside the main content");
      i = page[i].end - 1;
    }
  }
  return top;
}

}  // namespace twin::feature::html
