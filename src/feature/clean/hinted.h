// Takes out of a page what its names say is not the article: comments, share bars, related posts, boxes around it.
#pragma once

#include <vector>

#include "feature/clean/page_map.h"

namespace twin::feature::html {

/// By Element::hints, with guards: what holds most of a page is never taken out for its name. PageMap::weigh() must
/// have been called; the sums are not brought up to date.
void drop_hinted(PageMap& page, const std::vector<bool>& kept);

/// What is there for programs that read pages aloud, for editors or to be clicked: line numbers of code, links of
/// headings to themselves, texts nobody sees.
void drop_unseen(PageMap& page, const std::vector<bool>& kept);

/// Cards of other articles: three or more siblings of one kind, each with a linked heading or picture and little text.
void drop_cards(PageMap& page, const std::vector<bool>& kept);

}  // namespace twin::feature::html
