// What `twin` and twin-encode say to each other over a pipe. Numbers are 32 bits, as this machine lays them out.
//
//   at the start   ok, dimension, window     or  failed, bytes, message
//   request        texts, then for each: tokens, the ids
//   reply          ok, texts × dimension floats, row by row     or  failed, bytes, message
#pragma once

#include <cstdint>

namespace twin::models::wire {

inline constexpr std::uint32_t ok = 0, failed = 1;
/// A request with more is no request: the program ends.
inline constexpr std::uint32_t most_texts = 1u << 16, most_tokens = 1u << 20;

}  // namespace twin::models::wire
