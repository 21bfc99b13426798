// Random numbers that are the same on every machine: std::uniform_int_distribution differs between standard libraries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <string_view>

#include "core/hash.h"

namespace twin::evaluation {

/// Uniform in [0, size). `size` is not 0; the bias of the multiplication is below size / 2^64.
[[nodiscard]] inline std::size_t draw(std::mt19937_64& random, std::size_t size) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::size_t>((static_cast<Wide>(random()) * size) >> 64);
}

/// A generator of its own for each thing that is named: what is drawn for one does not depend on what was drawn before.
[[nodiscard]] inline std::mt19937_64 random_for(std::initializer_list<std::string_view> names) {
  Sha256 hash;
  for (const std::string_view name : names) hash.field(name);
  return std::mt19937_64(std::stoull(hash.hex().substr(0, 16), nullptr, 16));
}

}  // namespace twin::evaluation
