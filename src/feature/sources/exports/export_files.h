// The files of a data export: the ZIP as the service gave it, or the folder it was unpacked to.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/archive.h"
#include "feature/sources/source.h"

namespace twin::feature {

/// Limits of reading exports; every export source binds them.
struct ExportLimits {
  int max_file_megabytes = 256;  ///< of one file inside
  int max_files = 200'000;       ///< in the archive
  int max_unpacked_megabytes = 16'384;
  void bind(config::Binder& b);
};

class ExportFiles {
 public:
  /// `path` is a folder, a ZIP or tar, or one plain file.
  ExportFiles(std::string path, const ExportLimits& limits) : path_(std::move(path)), limits_(limits) {}

  /// Reads the files that `wanted` accepts by their path inside, in a stable order; `visit` returns false to stop.
  /// Nested ZIPs ("Part-1.zip" of large exports) are read as if unpacked where they lie. The end result is an error
  /// when the export as a whole cannot be read further.
  [[nodiscard]] Result<void> each(SourceContext& context, const std::function<bool(const std::string& path)>& wanted,
                                  const std::function<bool(Result<ArchiveFile>&&)>& visit) const;
  /// The pictures that the document at this path inside shows. In a ZIP they are looked for in one reading of it;
  /// those of its nested ZIPs, and of other archives, are not brought: each would have to be unpacked anew.
  [[nodiscard]] FilesBeside beside(const SourceContext& context, const std::string& document) const;
  /// Hash of size and time of the archive, or of every file of the folder; nullopt when it cannot be read.
  [[nodiscard]] std::optional<std::string> fingerprint(SourceContext& context) const;
  /// For what has no address of its own: the file: URL of the file, or that of the archive with the path inside as
  /// fragment.
  [[nodiscard]] std::string url(const std::string& inside) const;
  /// Absolute, without a final slash; empty when none was given.
  [[nodiscard]] std::string location() const;

 private:
  [[nodiscard]] Result<void> each_of_folder(SourceContext& context,
                                            const std::function<bool(const std::string&)>& wanted,
                                            const std::function<bool(Result<ArchiveFile>&&)>& visit) const;
  [[nodiscard]] ArchiveLimits archive_limits() const;
  std::string path_;
  ExportLimits limits_;
};

/// Last part of a path.
[[nodiscard]] std::string file_name(const std::string& path);
/// Without its last extension.
[[nodiscard]] std::string without_extension(const std::string& name);
[[nodiscard]] bool has_extension(const std::string& path, std::string_view lower_case_extension);

/// A claim on an export that lies on this machine. When it is there, `inside` looks at the names in it (some thousand)
/// and decides; when it is not, `name` looks at its own name in lower case.
[[nodiscard]] Claim export_claim(const std::string& location,
                                 const std::function<bool(const std::vector<std::string>& names)>& inside,
                                 const std::function<bool(const std::string& name)>& name, const std::string& why);

}  // namespace twin::feature
