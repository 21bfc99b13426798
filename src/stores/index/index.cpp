// What every index shares.
#include "stores/index/index.h"

#include <fmt/ranges.h>

namespace twin::stores {

std::string heading_path(const Chunk& chunk) {
  return fmt::format("{}", fmt::join(chunk.headings, " › "));
}

std::optional<Chunk> Index::chunk(const std::string& chunk_id) {
  auto found = passages({chunk_id});
  if (found.empty()) return std::nullopt;
  return std::move(found.front().chunk);
}

}  // namespace twin::stores
