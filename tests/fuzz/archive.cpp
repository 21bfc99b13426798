// Archives: ZIP and tar, packed or not; the limits must hold whatever the headers say.
#include "core/archive.h"

#include <set>

#include "core/text/unicode.h"
#include "fuzz.h"

using namespace twin;

TWIN_FUZZ(archive, bytes) {
  const ArchiveLimits limits{.max_entries = 50, .max_entry_bytes = 1u << 20, .max_bytes = 4u << 20, .max_ratio = 100};
  std::uint64_t total = 0, visits = 0;
  std::set<std::string> paths;
  const auto done = read_archive_bytes(
      bytes, "fuzz", [](const ArchiveEntry& entry) { return !entry.path.ends_with(".skip"); },
      [&](Result<ArchiveFile>&& file) {
        ++visits;
        if (!file) {
          fuzz::require(!file.error().message.empty() && !file.error().where.empty(), "an error says what and where");
          return true;
        }
        const std::string& path = file->entry.path;
        fuzz::require(safe_archive_path(path), "a file stays inside");
        fuzz::require(text::first_invalid_utf8(path) == std::string::npos, "a name is UTF-8");
        fuzz::require(paths.insert(path).second, "no file comes twice");
        fuzz::require(file->bytes.size() <= limits.max_entry_bytes, "no file is larger than allowed");
        total += file->bytes.size();
        return true;
      },
      limits);
  fuzz::require(done || !done.error().message.empty(), "an error says what happened");
  fuzz::require(visits <= limits.max_entries, "no more files than allowed");
  fuzz::require(total <= limits.max_bytes + limits.max_entry_bytes, "no more bytes than allowed");
}
