#include "feature/dedup/minhash.h"

#include <cstring>

#include "core/split_mix.h"

namespace twin::feature {
namespace {

struct Permutations {
  alignas(64) std::uint32_t factors[permutations];
  alignas(64) std::uint32_t terms[permutations];
};

constexpr Permutations make_permutations() {
  Permutations out{};
  for (std::size_t i = 0; i < permutations; ++i) {
    out.factors[i] = static_cast<std::uint32_t>(split_mix(2 * i) >> 32u) | 1u;
    out.terms[i] = static_cast<std::uint32_t>(split_mix(2 * i + 1) >> 32u);
  }
  return out;
}

constexpr Permutations kPermutations = make_permutations();

/// One group of permutations stays in registers while all hashes pass by. `Lanes` is the width of a vector register in
/// 32-bit numbers; the code is the same for all, so are the results.
template <std::size_t Lanes>
[[gnu::always_inline]] inline void lowest(std::span<const std::uint64_t> hashes, std::uint32_t* out) {
  using Vector [[gnu::vector_size(Lanes * sizeof(std::uint32_t))]] = std::uint32_t;
  constexpr std::size_t vectors = 4;
  constexpr std::size_t group = Lanes * vectors;
  static_assert(permutations % group == 0);
  for (std::size_t first = 0; first < permutations; first += group) {
    Vector factor[vectors], term[vectors], low[vectors];
    std::memcpy(factor, kPermutations.factors + first, sizeof factor);
    std::memcpy(term, kPermutations.terms + first, sizeof term);
    std::memset(low, 0xFF, sizeof low);
    for (const std::uint64_t hash : hashes) {
      const auto upper = static_cast<std::uint32_t>(hash >> 32u);
      for (std::size_t v = 0; v < vectors; ++v) {
        const Vector value = factor[v] * upper + term[v];
        low[v] = value < low[v] ? value : low[v];
      }
    }
    std::memcpy(out + first, low, sizeof low);
  }
}

using Lowest = void (*)(std::span<const std::uint64_t>, std::uint32_t*);

void lowest_any(std::span<const std::uint64_t> hashes, std::uint32_t* out) {
  lowest<4>(hashes, out);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void lowest_avx2(std::span<const std::uint64_t> hashes, std::uint32_t* out) {
  lowest<8>(hashes, out);
}

[[gnu::target("avx512f")]] void lowest_avx512(std::span<const std::uint64_t> hashes, std::uint32_t* out) {
  lowest<16>(hashes, out);
}
#endif

Lowest choose() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return lowest_avx512;
  if (__builtin_cpu_supports("avx2")) return lowest_avx2;
#endif
  return lowest_any;
}

}  // namespace

Signature minhash(std::span<const std::uint64_t> hashes) {
  static const Lowest best = choose();
  Signature out;
  best(hashes, out.data());
  return out;
}

double estimate(const Signature& a, const Signature& b) {
  std::uint32_t equal = 0;
  for (std::size_t i = 0; i < permutations; ++i) equal += a[i] == b[i] ? 1u : 0u;
  return static_cast<double>(equal) / static_cast<double>(permutations);
}

}  // namespace twin::feature
