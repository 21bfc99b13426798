#include "core/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <iconv.h>
#include <locale.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>
#include <set>

#include "core/i18n.h"
#include "core/text/ascii.h"
#include "core/text/unicode.h"

namespace twin {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t read_block = 1u << 18;
/// Below this many unpacked bytes a high ratio is a text that repeats itself, not a bomb.
constexpr std::uint64_t ratio_grace = 1u << 20;

struct FreeArchive {
  void operator()(::archive* a) const { archive_read_free(a); }
};

/// libarchive decodes the names of ZIP entries into the character set of the thread; without UTF-8 there, it loses
/// them.
class Utf8Thread {
 public:
  Utf8Thread() : utf8_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (utf8_ != nullptr) before_ = ::uselocale(utf8_);
  }
  ~Utf8Thread() {
    if (utf8_ == nullptr) return;
    ::uselocale(before_);
    ::freelocale(utf8_);
  }
  Utf8Thread(const Utf8Thread&) = delete;
  Utf8Thread& operator=(const Utf8Thread&) = delete;

 private:
  locale_t utf8_;
  locale_t before_ = nullptr;
};

std::optional<std::string> convert(std::string_view bytes, const char* from) {
  const iconv_t handle = ::iconv_open("UTF-8", from);
  if (handle == reinterpret_cast<iconv_t>(-1)) return std::nullopt;
  std::string out(bytes.size() * 4, '\0');
  char* in = const_cast<char*>(bytes.data());  // iconv's interface; it only reads
  char* to = out.data();
  std::size_t left = bytes.size(), room = out.size();
  const bool good = ::iconv(handle, &in, &left, &to, &room) != static_cast<std::size_t>(-1) && left == 0;
  ::iconv_close(handle);
  if (!good) return std::nullopt;
  out.resize(out.size() - room);
  return out;
}

/// Old ZIPs name files in the code page of the machine that made them. CP949 gives a meaning to nearly any bytes, so it
/// is taken only when what comes out is mostly Hangul of the two-byte set that Windows and Korean phones write; else
/// it is the code page of the ZIP specification, CP437.
std::string decode_name(std::string_view raw) {
  if (text::first_invalid_utf8(raw) == std::string_view::npos) return text::nfc(raw);
  std::size_t common = 0, pairs = 0;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const auto lead = static_cast<unsigned char>(raw[i]);
    if (lead < 0x80) continue;
    ++pairs;
    const auto trail = i + 1 < raw.size() ? static_cast<unsigned char>(raw[i + 1]) : 0;
    common += lead >= 0xB0 && lead <= 0xC8 && trail >= 0xA1 ? 1 : 0;
    ++i;
  }
  if (common * 2 > pairs) {
    if (auto korean = convert(raw, "CP949")) return *std::move(korean);
  }
  if (auto western = convert(raw, "CP437")) return text::nfc(*western);
  return text::repair_utf8(raw);
}

/// "./a//b" is "a/b".
std::string plain_path(std::string_view path) {
  std::string out;
  for (const auto part : text::split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (!out.empty()) out += '/';
    out += part;
  }
  return out;
}

/// One archive being read, entry by entry.
class Reader {
 public:
  Reader(std::string name, const ArchiveLimits& limits)
      : reader_(archive_read_new()), name_(std::move(name)), limits_(limits) {
    // Only what exports come in: every further format is a parser for foreign bytes.
    archive_read_support_format_zip(reader_.get());
    archive_read_support_format_tar(reader_.get());
    archive_read_support_filter_gzip(reader_.get());
    archive_read_support_filter_bzip2(reader_.get());
    archive_read_support_filter_xz(reader_.get());
    archive_read_support_filter_zstd(reader_.get());
  }

  Result<void> open(const fs::path& file) {
    std::error_code error;
    packed_ = fs::file_size(file, error);
    if (error) return fail(ErrorKind::not_found, tr("The archive cannot be read: {}", error.message()), name_);
    if (archive_read_open_filename(reader_.get(), file.c_str(), read_block) != ARCHIVE_OK) return damaged();
    return {};
  }
  Result<void> open(std::string_view bytes) {
    packed_ = bytes.size();
    if (archive_read_open_memory(reader_.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) return damaged();
    return {};
  }

  /// The next entry of any kind; false at the end.
  Result<bool> next() {
    const int status = archive_read_next_header(reader_.get(), &entry_);
    if (status == ARCHIVE_EOF) return false;
    if (status < ARCHIVE_WARN) return damaged();
    if (++entries_ > limits_.max_entries) {
      return fail(ErrorKind::limit, tr("The archive has more than {} files", limits_.max_entries), name_);
    }
    const char* const raw = archive_entry_pathname(entry_);
    path_ = raw == nullptr ? std::string() : decode_name(raw);
    return true;
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool folder() const { return archive_entry_filetype(entry_) == AE_IFDIR || path_.ends_with('/'); }
  [[nodiscard]] bool regular() const {
    return archive_entry_filetype(entry_) == AE_IFREG && archive_entry_hardlink(entry_) == nullptr && !folder();
  }
  [[nodiscard]] bool encrypted() const { return archive_entry_is_data_encrypted(entry_) != 0; }
  [[nodiscard]] ArchiveEntry entry() const {
    ArchiveEntry out;
    out.path = plain_path(path_);
    if (archive_entry_size_is_set(entry_) != 0 && archive_entry_size(entry_) > 0) {
      out.size = static_cast<std::uint64_t>(archive_entry_size(entry_));
    }
    if (archive_entry_mtime_is_set(entry_) != 0) {
      out.modified = static_cast<UnixMillis>(archive_entry_mtime(entry_)) * 1000;
    }
    return out;
  }

  /// What is skipped in a compressed tar is unpacked all the same: it counts. In a ZIP it is not touched.
  Result<void> skip(const ArchiveEntry& entry) {
    if (archive_filter_count(reader_.get()) < 2) return {};
    return count(entry.size);
  }

  /// Gives the data of the entry block by block, with its offset. What `block` returns as an error ends the reading.
  Result<void> data(const std::function<Result<void>(std::string_view, std::uint64_t)>& block) {
    const void* bytes = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    for (;;) {
      const int status = archive_read_data_block(reader_.get(), &bytes, &size, &offset);
      if (status == ARCHIVE_EOF) return {};
      if (status != ARCHIVE_OK) return damaged();
      if (auto within = count(size); !within) return within;
      if (auto done = block({static_cast<const char*>(bytes), size}, static_cast<std::uint64_t>(offset)); !done)
        return done;
    }
  }

  /// Whether a limit of the whole archive is broken: nothing more may be read.
  [[nodiscard]] bool exhausted() const { return exhausted_; }
  [[nodiscard]] std::string where(const std::string& path) const { return name_ + "!" + path; }

  [[nodiscard]] tl::unexpected<Error> damaged() const {
    const char* const why = archive_error_string(reader_.get());
    return fail(ErrorKind::invalid, tr("The archive is damaged: {}", why == nullptr ? "?" : why), name_);
  }

 private:
  Result<void> count(std::uint64_t bytes) {
    unpacked_ += std::min(bytes, UINT64_MAX - unpacked_);
    exhausted_ = true;
    if (unpacked_ > limits_.max_bytes) {
      return fail(ErrorKind::limit, tr("The archive unpacks to more than {} bytes", limits_.max_bytes), name_);
    }
    const bool bomb = limits_.max_ratio > 0 && unpacked_ > ratio_grace && unpacked_ / limits_.max_ratio > packed_;
    if (bomb) {
      return fail(ErrorKind::limit, tr("The archive unpacks to more than {} times its size", limits_.max_ratio), name_,
                  tr("Such archives are made to fill disks; unpack it by hand if you trust it"));
    }
    exhausted_ = false;
    return {};
  }

  std::unique_ptr<::archive, FreeArchive> reader_;
  std::string name_;
  const ArchiveLimits limits_;
  archive_entry* entry_ = nullptr;
  std::string path_;
  std::uint64_t packed_ = 0, unpacked_ = 0, entries_ = 0;
  bool exhausted_ = false;
};

Result<ArchiveFile> read_file(Reader& reader, ArchiveEntry entry, const ArchiveLimits& limits) {
  const std::string where = reader.where(entry.path);
  const auto too_large = [&] {
    return fail(ErrorKind::limit, tr("The file is larger than {} bytes", limits.max_entry_bytes), where,
                tr("Raise collect.max_item_megabytes"));
  };
  if (reader.encrypted()) {
    return fail(ErrorKind::invalid, tr("The file is encrypted"), where,
                tr("Unpack the archive with its password first"));
  }
  if (entry.size > limits.max_entry_bytes) return too_large();
  ArchiveFile file;
  file.bytes.reserve(std::min<std::uint64_t>(entry.size, read_block));  // the size is only what the archive says
  auto done = reader.data([&](std::string_view block, std::uint64_t offset) -> Result<void> {
    if (offset > limits.max_entry_bytes || block.size() > limits.max_entry_bytes - offset) return too_large();
    if (offset > file.bytes.size()) file.bytes.resize(static_cast<std::size_t>(offset));  // a hole of a sparse file
    file.bytes += block;
    return {};
  });
  if (!done) {
    done.error().where = where;
    return tl::unexpected(std::move(done.error()));
  }
  file.entry = std::move(entry);
  return file;
}

Result<void> read_all(Reader& reader, const std::function<bool(const ArchiveEntry&)>& wanted,
                      const std::function<bool(Result<ArchiveFile>&&)>& visit, const ArchiveLimits& limits) {
  std::set<std::string> seen;
  for (;;) {
    const auto more = reader.next();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return {};
    if (reader.folder()) continue;
    if (!safe_archive_path(reader.path())) {
      if (!visit(fail(ErrorKind::invalid, tr("The archive names a file outside itself: {}", reader.path()),
                      reader.where(reader.path())))) {
        return {};
      }
      continue;
    }
    ArchiveEntry entry = reader.entry();
    if (!wanted(entry)) {
      if (auto within = reader.skip(entry); !within) return within;
      continue;
    }
    if (!reader.regular()) {
      if (!visit(fail(ErrorKind::invalid, tr("This is a link or a device, which is not followed"),
                      reader.where(entry.path)))) {
        return {};
      }
      continue;
    }
    if (!seen.insert(entry.path).second) {
      if (!visit(fail(ErrorKind::invalid, tr("The archive has this file twice; the first is kept"),
                      reader.where(entry.path)))) {
        return {};
      }
      continue;
    }
    auto file = read_file(reader, std::move(entry), limits);
    if (!file && reader.exhausted()) {
      return tl::unexpected(std::move(file.error()));
    }
    if (!visit(std::move(file))) return {};
  }
}

}  // namespace

bool safe_archive_path(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.front() == '\\' || path.find('\0') != std::string_view::npos)
    return false;
  const bool drive = path.size() > 1 && path[1] == ':' && text::is_ascii_letter(path[0]);
  if (drive) return false;
  bool named = false;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find_first_of("/\\", at), path.size());
    const auto part = path.substr(at, end - at);
    if (part == "..") return false;
    named = named || (!part.empty() && part != ".");
    at = end + 1;
  }
  return named;
}

Result<void> read_archive(const fs::path& archive, const std::function<bool(const ArchiveEntry&)>& wanted,
                          const std::function<bool(Result<ArchiveFile>&&)>& visit, const ArchiveLimits& limits) {
  const Utf8Thread utf8;
  Reader reader(archive.string(), limits);
  if (auto opened = reader.open(archive); !opened) return opened;
  return read_all(reader, wanted, visit, limits);
}

Result<void> read_archive_bytes(std::string_view bytes, const std::string& name,
                                const std::function<bool(const ArchiveEntry&)>& wanted,
                                const std::function<bool(Result<ArchiveFile>&&)>& visit, const ArchiveLimits& limits) {
  const Utf8Thread utf8;
  Reader reader(name, limits);
  if (auto opened = reader.open(bytes); !opened) return opened;
  return read_all(reader, wanted, visit, limits);
}

Result<void> unpack_archive(const fs::path& archive, const fs::path& target,
                            const std::function<bool(const std::string&)>& wanted, const ArchiveLimits& limits) {
  const Utf8Thread utf8;
  ArchiveLimits without_ratio = limits;
  without_ratio.max_ratio = 0;
  Reader reader(archive.string(), without_ratio);
  if (auto opened = reader.open(archive); !opened) return opened;
  for (;;) {
    const auto more = reader.next();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return {};
    if (!safe_archive_path(reader.path())) {
      return fail(ErrorKind::invalid, tr("The archive names a file outside itself: {}", reader.path()),
                  archive.string());
    }
    const ArchiveEntry entry = reader.entry();
    if (!reader.regular() || !wanted(entry.path)) {
      if (auto within = reader.skip(entry); !within) return within;
      continue;
    }
    const fs::path file = target / entry.path;
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    const auto unwritten = [&] {
      return fail(ErrorKind::io, tr("Cannot unpack"), file.string(), tr("Is the disk full?"));
    };
    auto done = reader.data([&](std::string_view block, std::uint64_t offset) -> Result<void> {
      out.seekp(static_cast<std::streamoff>(offset));
      out.write(block.data(), static_cast<std::streamsize>(block.size()));
      if (!out) return unwritten();
      return {};
    });
    if (!done) return done;
    out.close();
    if (!out) return unwritten();
  }
}

}  // namespace twin
