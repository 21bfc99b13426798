// Reading foreign archives within limits: ZIP, and tar with gzip, bzip2, xz or zstd. Nothing of them is executed.
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

/// Reads the regular files that `wanted` accepts, in the archive's order, one in memory at a time. An entry that breaks
/// a limit or whose path leaves the archive comes as an error and the others go on, and so does a link or a device,
/// which is never followed; too many entries or a bomb end the reading with ErrorKind::limit. `visit` returns false to
/// stop (not an error).
[[nodiscard]] Result<void> read_archive(const std::filesystem::path& archive,
                                        const std::function<bool(const ArchiveEntry&)>& wanted,
                                        const std::function<bool(Result<ArchiveFile>&&)>& visit,
                                        const ArchiveLimits& limits = {});
/// The same for an archive in memory (DOCX, ODT, EPUB); `name` is for messages.
[[nodiscard]] Result<void> read_archive_bytes(std::string_view bytes, const std::string& name,
                                              const std::function<bool(const ArchiveEntry&)>& wanted,
                                              const std::function<bool(Result<ArchiveFile>&&)>& visit,
                                              const ArchiveLimits& limits = {});

/// Unpacks the regular files that `wanted` accepts (by their path in the archive) below `target`, block by block: for
/// files that do not fit into memory (models in Python wheels). A path that leaves the archive is an error here, links
/// and devices are skipped. max_entry_bytes and max_ratio are not looked at.
[[nodiscard]] Result<void> unpack_archive(const std::filesystem::path& archive, const std::filesystem::path& target,
                                          const std::function<bool(const std::string&)>& wanted,
                                          const ArchiveLimits& limits = {.max_bytes = 1ull << 40});

/// Whether a path from an archive stays inside it: relative, not empty, no "..", no drive letter, no NUL.
[[nodiscard]] bool safe_archive_path(std::string_view path);

}  // namespace twin
