// Order by hash: choices that look random and are the same on every machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace twin::feature {

/// The first 64 bits of SHA-256 over (seed, purpose, id).
[[nodiscard]] std::uint64_t hash_order(std::int64_t seed, std::string_view purpose, std::string_view id);
/// The same as a number from 0 to below 1, to take a share.
[[nodiscard]] double hash_fraction(std::int64_t seed, std::string_view purpose, std::string_view id);

}  // namespace twin::feature
