// Parts of files: what a file system may do better than by whole files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/files.h"

namespace twin {

/// Offered by file systems that can; read_part() and write_joined() below use it where it is.
class FileParts {
 public:
  virtual ~FileParts() = default;
  [[nodiscard]] virtual Result<std::string> read_part(const std::filesystem::path& path, std::uint64_t offset,
                                                      std::uint64_t size) const = 0;
  [[nodiscard]] virtual Result<void> write_joined(const std::filesystem::path& path,
                                                  const std::vector<std::string_view>& parts) = 0;
};

/// So many bytes of a file from an offset on; fewer where it ends.
[[nodiscard]] Result<std::string> read_part(const FileSystem& files, const std::filesystem::path& path,
                                            std::uint64_t offset, std::uint64_t size);

/// One file of several parts, as by FileSystem::write().
[[nodiscard]] Result<void> write_joined(FileSystem& files, const std::filesystem::path& path,
                                        const std::vector<std::string_view>& parts);

}  // namespace twin
