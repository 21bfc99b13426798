// Archives made in a test, hostile ones too.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/files.h"

namespace twin {

struct PackedFile {
  std::string name;
  std::string content;
  std::string link = {};                  ///< not empty: a symbolic link there
  unsigned type = AE_IFREG;               ///< AE_IFDIR, AE_IFCHR …
  std::int64_t modified = 1'700'000'000;  ///< Unix seconds
};

/// A ZIP by its extension, else a tar (gzip when it ends in "gz"). Names are written as the bytes they are.
inline std::filesystem::path pack(const std::filesystem::path& path, const std::vector<PackedFile>& files,
                                  const char* options = nullptr) {
  ::archive* const out = archive_write_new();
  if (path.extension() == ".zip") {
    archive_write_set_format_zip(out);
  } else {
    archive_write_set_format_gnutar(out);
    if (path.string().ends_with("gz")) archive_write_add_filter_gzip(out);
  }
  if (options != nullptr) REQUIRE(archive_write_set_options(out, options) == ARCHIVE_OK);
  std::filesystem::create_directories(path.parent_path());
  REQUIRE(archive_write_open_filename(out, path.c_str()) == ARCHIVE_OK);
  for (const PackedFile& file : files) {
    archive_entry* const entry = archive_entry_new();
    archive_entry_set_pathname(entry, file.name.c_str());
    archive_entry_set_filetype(entry, file.link.empty() ? file.type : AE_IFLNK);
    if (!file.link.empty()) archive_entry_set_symlink(entry, file.link.c_str());
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, file.modified, 0);
    archive_entry_set_size(entry, static_cast<la_int64_t>(file.content.size()));
    REQUIRE(archive_write_header(out, entry) >= ARCHIVE_WARN);
    if (!file.content.empty()) archive_write_data(out, file.content.data(), file.content.size());
    archive_entry_free(entry);
  }
  archive_write_close(out);
  archive_write_free(out);
  return path;
}

/// Every file below a folder as a ZIP: how tests give a source the archive of its fixtures.
inline std::filesystem::path pack_folder(const std::filesystem::path& folder, const std::filesystem::path& zip) {
  std::vector<PackedFile> files;
  const auto listed = disk().list(folder);
  REQUIRE(listed);
  for (const auto& file : *listed) {
    files.push_back({file.lexically_relative(folder).generic_string(), disk().read(file).value()});
  }
  REQUIRE(!files.empty());
  return pack(zip, files);
}

}  // namespace twin
