// Reading foreign archives (ZIP, tar and what libarchive knows) within limits.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace twin {

struct ArchiveLimits {
  std::uint64_t max_entries = 100'000;
  std::uint64_t max_entry_bytes = 64ull << 20;  ///< unpacked, each
  std::uint64_t max_bytes = 8ull << 30;         ///< unpacked, all that is read
  std::uint64_t max_ratio = 200;  ///< unpacked to packed bytes, over the whole archive and after the first MiB: a bomb
};

struct ArchiveEntry {
  std::string path;  ///< relative, "/" between parts, no "." or ".."; UTF-8 (names in CP949 of old ZIPs are decoded)
  std::uint64_t size = 0;  ///< as declared; 0 when unknown
  UnixMillis modified = 0;
};

/// One regular file of an archive, or why it cannot be read (its path is in the error).
struct ArchiveFile {
  ArchiveEntry entry;
  std::string bytes;
};

/// Reads the regular files that `wanted` accepts, in the archive's order, one in memory at a time. An entry that breaks a
/// limit or whose path leaves the archive comes as an error and the others go on; links and devices are never followed;
/// too many entries or a bomb end the reading with ErrorKind::limit. `visit` returns false to stop (not an error).
[[nodiscard]] Result<void> read_archive(const std::filesystem::path& archive,
                                        const std::function<bool(const ArchiveEntry&)>& wanted,
                                        const std::function<bool(Result<ArchiveFile>&&)>& visit,
                                        const ArchiveLimits& limits = {});
/// The same for an archive in memory (DOCX, ODT, EPUB); `name` is for messages.
[[nodiscard]] Result<void> read_archive_bytes(std::string_view bytes, const std::string& name,
                                              const std::function<bool(const ArchiveEntry&)>& wanted,
                                              const std::function<bool(Result<ArchiveFile>&&)>& visit,
                                              const ArchiveLimits& limits = {});

/// Whether a path from an archive stays inside it: relative, not empty, no "..", no drive letter, no NUL.
[[nodiscard]] bool safe_archive_path(std::string_view path);

}  // namespace twin
