#include "feature/chunk/pack.h"

namespace twin::feature {
namespace {

void even_out_pair(const std::vector<Unit>& units, Group& before, Group& small, int capacity, int least) {
  while (small.size < least && before.last - before.first > 1) {
    const int moved = units[before.last - 1].size;
    if (before.size - moved < least || small.size + moved > capacity) return;
    --before.last;
    --small.first;
    before.size -= moved;
    small.size += moved;
  }
}

}  // namespace

std::vector<Group> pack(const std::vector<Unit>& units, int capacity, int least) {
  std::vector<Group> groups;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (groups.empty() || groups.back().size + units[i].size > capacity) groups.push_back({i, i, 0});
    groups.back().last = i + 1;
    groups.back().size += units[i].size;
  }
  even_out(units, groups, capacity, least);
  return groups;
}

void even_out(const std::vector<Unit>& units, std::vector<Group>& groups, int capacity, int least) {
  for (std::size_t i = 1; i < groups.size(); ++i) even_out_pair(units, groups[i - 1], groups[i], capacity, least);
}

}  // namespace twin::feature
