// What every index must do. Each implementation's test calls test_index() with a way to open one.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "stores/index/index.h"

namespace twin::stores {

/// Opens the index of a folder (or of a name on a server made from it); opening it again finds what was written.
using IndexFactory =
    std::function<std::unique_ptr<Index>(const std::filesystem::path& folder, const IndexConfig& config)>;

/// What an index may do differently.
struct IndexTraits {
  bool counts_deleted = false;  ///< how many passages hold a word may include deleted ones, until the server cleans up
};

/// Call from one TEST_CASE. Searches must be exact.
void test_index(const IndexFactory& open, const IndexTraits& traits = {});

/// The ids of hits, in their order.
[[nodiscard]] std::vector<std::string> ids_of(const std::vector<Hit>& hits);

}  // namespace twin::stores
