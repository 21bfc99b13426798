// Packing: units of one section into groups that become chunks.
#pragma once

#include <cstddef>
#include <vector>

#include "feature/chunk/units.h"

namespace twin::feature {

/// Units [first, last) of one chunk.
struct Group {
  std::size_t first = 0;
  std::size_t last = 0;
  int size = 0;  ///< sum of the units' sizes
};

/// Fills groups in order up to `capacity`, then evens them out.
[[nodiscard]] std::vector<Group> pack(const std::vector<Unit>& units, int capacity, int least);

/// A group smaller than `least` takes units from the end of the group before it as long as that one stays at least so
/// large, so that no crumb is left at the end of a section.
void even_out(const std::vector<Unit>& units, std::vector<Group>& groups, int capacity, int least);

}  // namespace twin::feature
