#include "stores/index/words/group_bounds.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/vector_math.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace twin::stores {
namespace {

constexpr std::size_t kGroupsOfBlock = WordSegment::block_groups;

// Each group once: the rows are ascending. Few as they are, the bound of all of them is not much above that of each.
inline void add_few(const BoundCursor& c, std::size_t count, std::uint16_t units, std::uint16_t* sums) {
  unsigned before = kGroupsOfBlock;
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned group = c.rows[i] / WordSegment::group_rows;
    sums[group] = static_cast<std::uint16_t>(sums[group] + (group != before ? units : 0));
    before = group;
  }
}

void add_rows(BoundCursor& c, const BoundTable& table, std::size_t end_block, std::uint16_t* sums) {
  for (; c.entry != c.end && c.entry->block < end_block; ++c.entry) {
    const std::size_t count = std::size_t{c.entry->more} + 1;
    add_few(c, count, table.units_of(c.entry->bound), sums + kGroupsOfBlock * c.entry->block);
    c.rows += 2 * count;
  }
}

void add_groups_portable(BoundCursor& c, const BoundTable& table, std::size_t end_block, std::uint16_t* sums) {
  for (; c.entry != c.end && c.entry->block < end_block; ++c.entry, c.groups += kGroupsOfBlock / 2) {
    std::uint16_t* out = sums + kGroupsOfBlock * c.entry->block;
    for (std::size_t group = 0; group < kGroupsOfBlock; ++group) {
      const auto [byte, shift] = place_of_group(group);
      const unsigned level = c.groups[byte] >> shift & 0xF;
      out[group] = static_cast<std::uint16_t>(out[group] + (table.low[level] | table.high[level] << 8));
    }
  }
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) inline __m256i twice_avx2(const std::uint8_t* bytes) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)));
}

// A shuffle looks 32 levels up at once (as André, Kermarrec & Le Scouarnec 2015 do for quantized vectors).
__attribute__((target("avx2"))) void add_groups_avx2(BoundCursor& c, const BoundTable& table, std::size_t end_block,
                                                     std::uint16_t* sums) {
  const __m256i low = twice_avx2(table.low.data()), high = twice_avx2(table.high.data());
  const __m256i half = _mm256_set1_epi8(0xF), shifts = _mm256_setr_epi32(0, 0, 0, 0, 4, 4, 4, 4);
  const WordSegment::Entry* entry = c.entry;
  const std::uint8_t* groups = c.groups;
  for (; entry != c.end && entry->block < end_block; ++entry, groups += kGroupsOfBlock / 2) {
    auto* out = reinterpret_cast<__m256i*>(sums + kGroupsOfBlock * entry->block);
    for (std::size_t at = 0; at < kGroupsOfBlock / 2; at += 16, out += 2) {
      const __m256i levels = _mm256_and_si256(_mm256_srlv_epi32(twice_avx2(groups + at), shifts), half);
      const __m256i lower = _mm256_shuffle_epi8(low, levels), upper = _mm256_shuffle_epi8(high, levels);
      _mm256_storeu_si256(out, _mm256_add_epi16(_mm256_loadu_si256(out), _mm256_unpacklo_epi8(lower, upper)));
      _mm256_storeu_si256(out + 1, _mm256_add_epi16(_mm256_loadu_si256(out + 1), _mm256_unpackhi_epi8(lower, upper)));
    }
  }
  c.entry = entry;
  c.groups = groups;
}

#endif

using AddGroups = void (*)(BoundCursor&, const BoundTable&, std::size_t, std::uint16_t*);

AddGroups choose_add_groups() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return add_groups_avx2;
#endif
  return add_groups_portable;
}

}  // namespace

// The partition of the bounds into 15 ranges that costs least, by dynamic programming: of a range up to `last` each
// bound is rounded up to it. Bounds that were not seen (levels may be chosen by a part) count a little.
BoundLevels choose_levels(const std::array<std::uint64_t, 256>& counts) {
  constexpr std::size_t kRanges = std::tuple_size_v<BoundLevels> - 1;
  std::array<double, 256> weight{}, weight_below{}, moment_below{};  // of all bounds up to this one
  double sum = 0;
  for (const std::uint64_t count : counts) sum += static_cast<double>(count);
  for (std::size_t bound = 1; bound < weight.size(); ++bound) {
    weight[bound] = static_cast<double>(counts[bound]) + 1e-6 * (sum + 1);
    weight_below[bound] = weight_below[bound - 1] + weight[bound];
    moment_below[bound] = moment_below[bound - 1] + weight[bound] * static_cast<double>(bound);
  }
  const auto cost = [&](std::size_t before, std::size_t last) {
    return static_cast<double>(last) * (weight_below[last] - weight_below[before]) -
           (moment_below[last] - moment_below[before]);
  };
  std::array<std::array<double, 256>, kRanges + 1> best;
  std::array<std::array<std::size_t, 256>, kRanges + 1> from{};
  for (auto& row : best) row.fill(std::numeric_limits<double>::infinity());
  best[0][0] = 0;
  for (std::size_t range = 1; range <= kRanges; ++range) {
    for (std::size_t last = range; last < 256; ++last) {
      for (std::size_t before = range - 1; before < last; ++before) {
        const double all = best[range - 1][before] + cost(before, last);
        if (all >= best[range][last]) continue;
        best[range][last] = all;
        from[range][last] = before;
      }
    }
  }
  BoundLevels levels{};
  for (std::size_t range = kRanges, last = 255; range > 0; last = from[range][last], --range)
    levels[range] = static_cast<std::uint8_t>(last);
  return levels;
}

BoundTable::BoundTable(const BoundLevels& levels, double units)
    : step_(static_cast<std::uint32_t>(std::ceil(units / 255 * 65536))) {
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const std::uint16_t value = units_of(levels[i]);
    low[i] = static_cast<std::uint8_t>(value);
    high[i] = static_cast<std::uint8_t>(value >> 8);
  }
}

void add_bounds(BoundCursor& cursor, const BoundTable& table, std::size_t end_block, std::uint16_t* sums) {
  static const AddGroups add_groups = choose_add_groups();
  if (cursor.groups) {
    add_groups(cursor, table, end_block, sums);
  } else {
    add_rows(cursor, table, end_block, sums);
  }
}

GroupBits groups_reaching(const std::uint16_t* sums, std::uint16_t least) {
#if defined(__x86_64__)
  const __m128i wanted = _mm_set1_epi16(static_cast<short>(least));
  const auto reach = [&](std::size_t at) {
    const __m128i eight = _mm_loadu_si128(reinterpret_cast<const __m128i*>(sums + at));
    return _mm_cmpeq_epi16(_mm_subs_epu16(wanted, eight), _mm_setzero_si128());
  };
  const auto sixteen = [&](std::size_t at) {
    return static_cast<GroupBits>(
        static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(reach(at), reach(at + 8)))));
  };
  return sixteen(0) | sixteen(16) << 16 | sixteen(32) << 32 | sixteen(48) << 48;
#else
  GroupBits bits = 0;
  for (std::size_t group = 0; group < kGroupsOfBlock; ++group) bits |= GroupBits{sums[group] >= least} << group;
  return bits;
#endif
}

std::uint32_t rows_of_group(const std::uint8_t* rows, std::size_t count, std::size_t group) {
#if defined(__x86_64__)
  constexpr unsigned kWithin = WordSegment::group_rows - 1;
  const __m128i sixteen = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows));
  const __m128i first = _mm_and_si128(sixteen, _mm_set1_epi8(static_cast<char>(~kWithin)));
  const __m128i same = _mm_cmpeq_epi8(first, _mm_set1_epi8(static_cast<char>(group * WordSegment::group_rows)));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(same)) & ((1U << std::min<std::size_t>(count, 16)) - 1);
#else
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(count, 16); ++i)
    bits |= std::uint32_t{rows[i] / WordSegment::group_rows == group} << i;
  return bits;
#endif
}

TWIN_CLONES void largest_of_blocks(std::span<const std::uint16_t> sums, std::span<std::uint16_t> largest) {
  for (std::size_t block = 0; block < largest.size(); ++block) {
    std::uint16_t most = 0;
    for (std::size_t group = 0; group < kGroupsOfBlock; ++group)
      most = std::max(most, sums[block * kGroupsOfBlock + group]);
    largest[block] = most;
  }
}

}  // namespace twin::stores
