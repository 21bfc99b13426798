// What terms add at most to the scores of four passages at a time: half bytes, added up 32 at once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "stores/index/words/word_segment.h"

namespace twin::stores {

/// The levels that exceed bounds the least when each is rounded up to one of them. `counts`: how often each bound was
/// seen; one that was not is not below the last level if it is at most 255.
[[nodiscard]] BoundLevels choose_levels(const std::array<std::uint64_t, 256>& counts);

/// Where the half byte of a group lies in the bytes of a block, 16 for each 32 groups: in which byte, and how far it is
/// shifted. So that what vector instructions unpack comes in the order of the groups.
struct GroupPlace {
  std::size_t byte = 0;
  unsigned shift = 0;
};
[[nodiscard]] constexpr GroupPlace place_of_group(std::size_t group) {
  return {group / 32 * 16 + ((group & 7) | (group & 16) / 2), (group & 8) != 0 ? 4U : 0U};
}

/// A term's weight, in whole units that are the same for all terms of a search: sums of them are whole numbers, too.
class BoundTable {
 public:
  /// Sums of at most 512 terms stay below 2^16 when those of their largest bounds stay below this.
  static constexpr double most_units = 60'000;
  /// `units`: of a bound of 255.
  BoundTable(const BoundLevels& levels, double units);

  /// Rounded up.
  [[nodiscard]] std::uint16_t units_of(std::uint8_t bound) const {
    return static_cast<std::uint16_t>((bound * std::uint64_t{step_} + 0xFFFF) >> 16);
  }
  /// Of each level: the lower and the upper byte.
  alignas(16) std::array<std::uint8_t, 16> low{}, high{};

 private:
  std::uint32_t step_ = 0;  // units of a bound of 1, in 65536ths
};

/// A term's way through the blocks, all of them in order.
struct BoundCursor {
  const WordSegment::Entry* entry = nullptr;
  const WordSegment::Entry* end = nullptr;
  const std::uint8_t* rows = nullptr;    ///< of the entry
  const std::uint8_t* groups = nullptr;  ///< of the entry; null: none are kept, its rows are few
};

/// Adds what the term adds at most to each group of the blocks below `end_block`, and leaves them behind.
/// sums[block_groups * block + group].
void add_bounds(BoundCursor& cursor, const BoundTable& table, std::size_t end_block, std::uint16_t* sums);

/// A bit for each group of a block.
using GroupBits = std::uint64_t;
static_assert(WordSegment::block_groups == 64);

/// Of the sums of a block: whether it is `least` or more.
[[nodiscard]] GroupBits groups_reaching(const std::uint16_t* sums, std::uint16_t least);

/// A bit for each of at most 16 rows (a term's, of a block) that lie in the group. May read 15 bytes after them.
[[nodiscard]] std::uint32_t rows_of_group(const std::uint8_t* rows, std::size_t count, std::size_t group);

/// The largest sum of each block.
void largest_of_blocks(std::span<const std::uint16_t> sums, std::span<std::uint16_t> largest);

}  // namespace twin::stores
