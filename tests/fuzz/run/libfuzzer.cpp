// libFuzzer's entry points: twin_fuzz --target=ID [libFuzzer's options] CORPUS…; --targets lists the ids.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "../fuzz.h"

namespace {
twin::fuzz::Target target = nullptr;
}

// libFuzzer passes over what begins with two hyphens.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr std::string_view key = "--target=";
  for (int i = 1; i < *argc; ++i) {
    const std::string_view argument = (*argv)[i];
    if (argument == "--targets") {
      for (const auto& [id, function] : twin::fuzz::targets()) std::puts(id.c_str());
      std::exit(0);
    }
    if (!argument.starts_with(key)) continue;
    const auto found = twin::fuzz::targets().find(std::string(argument.substr(key.size())));
    if (found != twin::fuzz::targets().end()) target = found->second;
  }
  if (target == nullptr) {
    std::fprintf(stderr, "twin_fuzz: --target=ID is needed; --targets lists them\n");
    std::exit(2);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  target({reinterpret_cast<const char*>(data), size});
  return 0;
}
