// What stands inside the article and is none of it.
#pragma once

#include <vector>

#include "feature/clean/page_map.h"

namespace twin::feature::html {

/// Takes out below `top`: sections under headings like "Related articles" (phrases.h), lists of links, and short lines
/// before the first and behind the last paragraph that are no part of the text. Sums must be up to date; they are
/// afterwards.
void prune(PageMap& page, std::size_t top, const std::vector<bool>& kept);

}  // namespace twin::feature::html
