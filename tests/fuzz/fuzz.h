// A fuzz target is one .cpp in this folder, for one parser of foreign bytes; its seeds lie in corpus/<id>/.
//
//   TWIN_FUZZ(feed, bytes) {
//     const auto feed = parse_feed(bytes);
//     fuzz::require(!feed || feed->entries.size() <= 10'000);
//   }
//
// Two programs are made of all targets: twin_fuzz (clang, libFuzzer: scripts/fuzz.sh) searches for inputs that crash
// or break what the target requires; twin_fuzz_replay (any compiler, a test of every build) runs the seeds, what was
// ever found, and a fixed number of mutations of them.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace twin::fuzz {

using Target = void (*)(std::string_view bytes);

/// All targets by id.
std::map<std::string, Target>& targets();

/// Ends the program when a property does not hold, so that the fuzzer keeps the input.
void require(bool holds, const char* what);

}  // namespace twin::fuzz

#define TWIN_FUZZ(id, bytes)                                       \
  static void twin_fuzz_##id(std::string_view bytes);              \
  [[maybe_unused]] static const bool twin_fuzz_registered_##id =   \
      ::twin::fuzz::targets().emplace(#id, twin_fuzz_##id).second; \
  static void twin_fuzz_##id(std::string_view bytes)
