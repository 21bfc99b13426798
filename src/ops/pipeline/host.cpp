#include "ops/pipeline/host.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <thread>

namespace twin::ops {
namespace {

/// The value of the first line `key<separator>value` of a small system file.
std::string lookup(const char* file, const std::string& key, char separator) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const std::size_t at = line.find(separator);
    if (at == std::string::npos || line.compare(0, key.size(), key) != 0) continue;
    std::string value = line.substr(at + 1);
    const std::size_t first = value.find_first_not_of(" \"");
    const std::size_t last = value.find_last_not_of(" \"");
    return first == std::string::npos ? std::string() : value.substr(first, last - first + 1);
  }
  return {};
}

}  // namespace

std::uint64_t total_memory_bytes() {
  return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::string host_description() {
  constexpr std::uint64_t gib = 1ull << 30;
  return fmt::format("{}, {}, {} cores, {} GiB", lookup("/etc/os-release", "PRETTY_NAME", '='),
                     lookup("/proc/cpuinfo", "model name", ':'), std::thread::hardware_concurrency(),
                     (total_memory_bytes() + gib / 2) / gib);
}

}  // namespace twin::ops
