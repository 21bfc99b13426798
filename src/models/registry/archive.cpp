#include "models/registry/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <fstream>
#include <memory>

#include "core/i18n.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t read_block = 1u << 20;

struct FreeArchive {
  void operator()(::archive* a) const { archive_read_free(a); }
};
using Reader = std::unique_ptr<::archive, FreeArchive>;

bool escapes(const fs::path& path) {
  if (path.empty() || path.is_absolute()) return true;
  return std::any_of(path.begin(), path.end(), [](const fs::path& part) { return part == ".."; });
}

tl::unexpected<Error> broken(const fs::path& archive, ::archive* reader) {
  const char* const why = archive_error_string(reader);
  return fail(ErrorKind::invalid, tr("The archive is damaged: {}", why == nullptr ? "?" : why), archive.string());
}

/// Adds the bytes written to `total`.
Result<void> write_entry(::archive* reader, const fs::path& archive, const fs::path& target, std::uint64_t& total,
                         const ArchiveLimits& limits) {
  std::error_code error;
  fs::create_directories(target.parent_path(), error);
  std::ofstream out(target, std::ios::binary | std::ios::trunc);
  const void* block = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  for (;;) {
    const int status = archive_read_data_block(reader, &block, &size, &offset);
    if (status == ARCHIVE_EOF) break;
    if (status != ARCHIVE_OK) return broken(archive, reader);
    total += size;
    if (total > limits.max_bytes) {
      return fail(ErrorKind::limit, tr("The archive unpacks to more than {} bytes", limits.max_bytes),
                  archive.string());
    }
    out.seekp(offset);
    out.write(static_cast<const char*>(block), static_cast<std::streamsize>(size));
    if (!out) return fail(ErrorKind::io, tr("Cannot unpack"), target.string(), tr("Is the disk full?"));
  }
  out.close();
  if (!out) return fail(ErrorKind::io, tr("Cannot unpack"), target.string(), tr("Is the disk full?"));
  return {};
}

}  // namespace

Result<void> unpack(const fs::path& archive, const fs::path& target,
                    const std::function<bool(const std::string&)>& wanted, const ArchiveLimits& limits) {
  const Reader reader(archive_read_new());
  archive_read_support_format_all(reader.get());
  archive_read_support_filter_all(reader.get());
  if (archive_read_open_filename(reader.get(), archive.c_str(), read_block) != ARCHIVE_OK) {
    return broken(archive, reader.get());
  }
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  for (;;) {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) return {};
    if (status < ARCHIVE_WARN) return broken(archive, reader.get());
    if (++entries > limits.max_entries) {
      return fail(ErrorKind::limit, tr("The archive has more than {} files", limits.max_entries), archive.string());
    }
    const char* const name = archive_entry_pathname(entry);
    if (name == nullptr || escapes(name)) {
      return fail(ErrorKind::invalid, tr("The archive names a file outside itself: {}", name == nullptr ? "?" : name),
                  archive.string());
    }
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr || !wanted(name))
      continue;
    if (auto done = write_entry(reader.get(), archive, target / name, bytes, limits); !done) return done;
  }
}

}  // namespace twin::models
