#include "feature/sources/exports/export_files.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/collect/beside.h"
#include "feature/collect/canonical_url.h"

namespace twin::feature {
namespace {

namespace fs = std::filesystem;

/// How much of an export a claim looks at.
constexpr std::size_t most_names = 5'000;
constexpr int deepest_folder = 3;

bool is_archive(const std::string& path) {
  for (const std::string_view extension : {".zip", ".tar", ".tgz", ".tar.gz", ".tar.xz", ".tar.zst"}) {
    const std::string name = text::fold(path);
    if (name.ends_with(extension)) return true;
  }
  return false;
}

std::vector<std::string> names_in_folder(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  auto entries = fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && entries != fs::recursive_directory_iterator() && names.size() < most_names;
       entries.increment(error)) {
    if (entries.depth() >= deepest_folder) entries.disable_recursion_pending();
    std::string name = entries->path().lexically_relative(folder).generic_string();
    std::error_code ignored;
    if (entries->is_directory(ignored)) name += '/';
    names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> names_in_archive(const fs::path& archive) {
  std::vector<std::string> names;
  ArchiveLimits limits;
  limits.max_entries = most_names;
  // Names only: nothing is unpacked. An unreadable archive has none.
  const auto looked = read_archive(
      archive,
      [&](const ArchiveEntry& entry) {
        names.push_back(entry.path);
        return false;
      },
      [](Result<ArchiveFile>&&) { return true; }, limits);
  static_cast<void>(looked);
  return names;
}

/// Looks for files that the document at a path inside a ZIP shows, in one reading of it.
void visit_beside(const std::string& zip, const ArchiveLimits& limits, const std::string& document,
                  const std::vector<std::string>& links, const FileVisit& visit) {
  std::map<std::string, std::vector<std::string>> waiting;  // path inside → links that may mean it
  for (const std::string& link : links) {
    for (const std::string& place : places_beside(document, link)) waiting[text::nfc(place)].push_back(link);
  }
  bool nested = false;
  std::set<std::string> seen;
  const auto done = read_archive(
      zip,
      [&](const ArchiveEntry& entry) {
        nested = nested || has_extension(entry.path, ".zip");
        return waiting.contains(text::nfc(entry.path));
      },
      [&](Result<ArchiveFile>&& file) {
        if (!file) return true;  // said below
        for (const std::string& link : waiting.at(text::nfc(file->entry.path))) {
          if (seen.insert(link).second) visit(link, std::string(file->bytes));
        }
        return true;
      },
      limits);
  if (nested) return;  // there may be more in there
  for (const std::string& link : links) {
    if (seen.contains(link)) continue;
    if (done) {
      visit(link, fail(ErrorKind::not_found, tr("it is not there, or too large")));
    } else {
      visit(link, tl::unexpected(done.error()));
    }
  }
}

}  // namespace

void ExportLimits::bind(config::Binder& b) {
  b.field("max_file_megabytes", max_file_megabytes, "A larger file of the export is left out",
          {.min = 1, .max = 16'384});
  b.field("max_files", max_files, "An archive with more files is refused", {.min = 1});
  b.field("max_unpacked_megabytes", max_unpacked_megabytes, "An archive that unpacks to more is refused", {.min = 1});
}

std::string file_name(const std::string& path) {
  return path.substr(path.find_last_of('/') + 1);
}

std::string without_extension(const std::string& name) {
  const std::size_t dot = name.find_last_of('.');
  return dot == std::string::npos || dot == 0 ? name : name.substr(0, dot);
}

bool has_extension(const std::string& path, std::string_view lower_case_extension) {
  return text::fold(path).ends_with(lower_case_extension);
}

std::string ExportFiles::location() const {
  if (path_.empty()) return {};
  fs::path path = fs::path(path_).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  std::error_code error;
  return (path.is_absolute() ? path : fs::absolute(path, error).lexically_normal()).string();
}

std::string ExportFiles::url(const std::string& inside) const {
  std::error_code error;
  const std::string at = location();
  return file_url(at) + (fs::is_directory(at, error) ? "/" : "#") + percent_encode_path(inside);
}

ArchiveLimits ExportFiles::archive_limits() const {
  ArchiveLimits limits;
  limits.max_entries = static_cast<std::uint64_t>(limits_.max_files);
  limits.max_entry_bytes = static_cast<std::uint64_t>(limits_.max_file_megabytes) << 20;
  limits.max_bytes = static_cast<std::uint64_t>(limits_.max_unpacked_megabytes) << 20;
  return limits;
}

Result<void> ExportFiles::each(SourceContext& context, const std::function<bool(const std::string& path)>& wanted,
                               const std::function<bool(Result<ArchiveFile>&&)>& visit) const {
  const std::string path = location();
  const auto stat = context.files.stat(path);
  if (!stat) {
    return fail(ErrorKind::not_found, tr("The export cannot be read: {}", stat.error().message), path,
                tr("Check `path` of this source in twin.yaml"));
  }
  if (stat->directory) return each_of_folder(context, wanted, visit);
  if (!is_archive(path)) {
    auto bytes = context.files.read(path, archive_limits().max_entry_bytes);
    if (!bytes) return tl::unexpected(bytes.error());
    if (wanted(file_name(path)))
      visit(ArchiveFile{{file_name(path), stat->size, stat->modified_ns / 1'000'000}, std::move(*bytes)});
    return {};
  }
  bool going = true;
  const auto outer = [&](const ArchiveEntry& entry) {
    return !context.stop.stop_requested() && (wanted(entry.path) || has_extension(entry.path, ".zip"));
  };
  auto done = read_archive(
      path, outer,
      [&](Result<ArchiveFile>&& file) {
        if (context.stop.stop_requested()) return false;
        if (!file || !has_extension(file->entry.path, ".zip") || wanted(file->entry.path))
          return going = visit(std::move(file));
        const std::string folder = file->entry.path.substr(0, file->entry.path.find_last_of('/') + 1);
        auto inner = read_archive_bytes(
            file->bytes, path + "!" + file->entry.path,
            [&](const ArchiveEntry& entry) { return wanted(folder + entry.path); },
            [&](Result<ArchiveFile>&& part) {
              if (part) part->entry.path = folder + part->entry.path;
              return going = !context.stop.stop_requested() && visit(std::move(part));
            },
            archive_limits());
        // A broken part costs the part.
        if (!inner) going = visit(tl::unexpected(std::move(inner.error())));
        return going;
      },
      archive_limits());
  return done;
}

Result<void> ExportFiles::each_of_folder(SourceContext& context, const std::function<bool(const std::string&)>& wanted,
                                         const std::function<bool(Result<ArchiveFile>&&)>& visit) const {
  const fs::path folder = location();
  std::vector<Error> skipped;
  const auto files = context.files.list(folder, &skipped);
  if (!files) return tl::unexpected(files.error());
  for (auto& error : skipped) {
    if (!visit(tl::unexpected(std::move(error)))) return {};
  }
  for (const auto& file : *files) {
    if (context.stop.stop_requested()) return {};
    const std::string inside = text::nfc(text::repair_utf8(file.lexically_relative(folder).generic_string()));
    if (!wanted(inside)) continue;
    auto bytes = context.files.read(file, archive_limits().max_entry_bytes);
    if (!bytes) {
      bytes.error().where = url(inside);
      if (!visit(tl::unexpected(std::move(bytes.error())))) return {};
      continue;
    }
    const auto stat = context.files.stat(file);
    ArchiveFile out{{inside, bytes->size(), stat ? stat->modified_ns / 1'000'000 : 0}, std::move(*bytes)};
    if (!visit(std::move(out))) return {};
  }
  return {};
}

FilesBeside ExportFiles::beside(const SourceContext& context, const std::string& document) const {
  const std::string path = location();
  const auto stat = context.files.stat(path);
  if (stat && stat->directory) return files_beside(context.files, path, document);
  if (!stat || !has_extension(path, ".zip")) return {};
  return [path, document, limits = archive_limits()](const std::vector<std::string>& links, std::uint64_t max_bytes,
                                                     const FileVisit& visit) {
    ArchiveLimits bounded = limits;
    bounded.max_entry_bytes = std::min(bounded.max_entry_bytes, max_bytes);
    visit_beside(path, bounded, document, links, visit);
  };
}

std::optional<std::string> ExportFiles::fingerprint(SourceContext& context) const {
  const fs::path path = location();
  const auto stat = context.files.stat(path);
  if (!stat) return std::nullopt;
  Sha256 hash;
  const auto add = [&](const fs::path& file, const FileStat& entry) {
    hash.field(file.string()).field(std::to_string(entry.size) + ":" + std::to_string(entry.modified_ns));
  };
  if (!stat->directory) {
    add(path, *stat);
    return hash.hex();
  }
  std::vector<Error> skipped;
  const auto files = context.files.list(path, &skipped);
  if (!files) return std::nullopt;
  for (const auto& file : *files) {
    if (const auto entry = context.files.stat(file)) add(file, *entry);
  }
  return hash.hex();
}

Claim export_claim(const std::string& location,
                   const std::function<bool(const std::vector<std::string>& names)>& inside,
                   const std::function<bool(const std::string& name)>& name, const std::string& why) {
  if (location.empty() || location.find("://") != std::string::npos || location.starts_with("git@")) return {};
  fs::path path = fs::path(location).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  std::error_code error;
  if (fs::is_directory(path, error)) return inside(names_in_folder(path)) ? Claim{Claim::site, why} : Claim{};
  if (fs::is_regular_file(path, error)) {
    const auto names =
        is_archive(path.string()) ? names_in_archive(path) : std::vector<std::string>{path.filename().string()};
    return inside(names) ? Claim{Claim::site, why} : Claim{};
  }
  return name(text::fold(path.filename().string())) ? Claim{Claim::shape, why} : Claim{};
}

}  // namespace twin::feature
