#include <fmt/ranges.h>

#include "stores/index/index.h"

namespace twin::stores {

std::string heading_path(const Chunk& chunk) {
  return fmt::format("{}", fmt::join(chunk.headings, " › "));
}

}  // namespace twin::stores
