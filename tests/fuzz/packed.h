// Inputs as files and archives: parsers that read a path, and documents that are ZIPs of parts.
#pragma once

#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz.h"

namespace twin::fuzz {

/// The bytes as a file in memory, gone with this object.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : file_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    require(file_ >= 0, "there are files in memory");
    while (!bytes.empty()) {
      const ::ssize_t wrote = ::write(file_, bytes.data(), bytes.size());
      require(wrote > 0, "a file in memory can be written");
      bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
  }
  ~MemoryFile() { ::close(file_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  int file_;
};

/// A ZIP (stored, so that the fuzzer sees through it) of the parts of an input: each begins with a line "@@ name".
inline std::string zip_of_parts(std::string_view input) {
  std::string zip, directory;
  std::uint16_t count = 0;
  const auto number = [](std::string& out, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFFu);
  };
  while (!input.empty() && count < 64) {
    const std::size_t mark = input.find("@@ ");
    if (mark == std::string_view::npos) break;
    input.remove_prefix(mark + 3);
    const std::size_t line = input.find('\n');
    if (line == std::string_view::npos) break;
    const std::string_view name = input.substr(0, line);
    const std::size_t next = input.find("\n@@ ", line);
    const std::string_view part = input.substr(line + 1, next == std::string_view::npos ? next : next - line);
    input.remove_prefix(next == std::string_view::npos ? input.size() : next + 1);

    const auto sum = ::crc32(0, reinterpret_cast<const Bytef*>(part.data()), static_cast<uInt>(part.size()));
    std::string common;  // of the header before the data and of the one in the directory (APPNOTE.TXT 4.3)
    number(common, 20, 2);
    number(common, 1u << 11u, 2);  // names are UTF-8
    number(common, 0, 2);          // stored
    number(common, 0, 4);          // time and date
    number(common, sum, 4);
    number(common, part.size(), 4);
    number(common, part.size(), 4);
    number(common, name.size(), 2);
    number(common, 0, 2);
    directory += "PK\x01\x02";
    number(directory, 20, 2);
    directory += common;
    number(directory, 0, 2 + 2 + 2);
    number(directory, 0, 4);
    number(directory, zip.size(), 4);
    directory += name;
    zip += "PK\x03\x04" + common;
    zip += name;
    zip += part;
    ++count;
  }
  const std::size_t at = zip.size();
  zip += directory + "PK\x05\x06";
  number(zip, 0, 4);
  number(zip, count, 2);
  number(zip, count, 2);
  number(zip, directory.size(), 4);
  number(zip, at, 4);
  number(zip, 0, 2);
  return zip;
}

}  // namespace twin::fuzz
