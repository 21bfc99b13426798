// What is never writing, wherever it stands: scripts, navigation, forms, page headers and footers.
#pragma once

#include <vector>

#include "feature/clean/page_map.h"

namespace twin::feature::html {

/// Takes out of the map what its element, its role or its attributes say is no writing. `kept` are boxes that the
/// category keeps whatever they are.
void drop_chrome(PageMap& page, const std::vector<bool>& kept);

}  // namespace twin::feature::html
