// Okapi BM25 (Robertson & Walker 1994), with the parameters that SQLite's FTS5 has.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace twin::stores::bm25 {

inline constexpr double k1 = 1.2;
inline constexpr double b = 0.75;
inline constexpr double least_idf = 1e-6;  ///< of terms that half of the passages hold, or more

[[nodiscard]] inline double idf(std::int64_t passages, std::int64_t holding) {
  const auto n = static_cast<double>(holding);
  const double idf = std::log((static_cast<double>(passages) - n + 0.5) / (n + 0.5));
  return idf <= 0 ? least_idf : idf;
}

/// What a passage's length (in tokens) adds to a frequency below the line.
[[nodiscard]] inline double norm(std::uint32_t length, double average_length) {
  return k1 * (1 - b + b * static_cast<double>(length) / average_length);
}

/// A term's part of a passage's score, but for the idf.
[[nodiscard]] inline double saturation(double frequency, double norm) {
  return frequency * (k1 + 1) / (frequency + norm);
}

}  // namespace twin::stores::bm25
