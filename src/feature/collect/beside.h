// Files that documents show and that lie beside them: pictures of a folder or an unpacked export.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/files.h"
#include "feature/sources/source.h"

namespace twin::feature {

/// Paths below the root, likeliest first, that `link` of the document at `document` (a path below the root) may mean:
/// beside the document, from the root (as Obsidian and links from "/" mean it), and from the folders that generators of
/// sites copy to their root. None that leaves the root.
[[nodiscard]] std::vector<std::string> places_beside(const std::string& document, const std::string& link);

/// Pictures below the folder `root`; what a symbolic link leads to outside of it is not there. `files` must outlive the
/// run.
[[nodiscard]] FilesBeside files_beside(const FileSystem& files, std::filesystem::path root, std::string document);

}  // namespace twin::feature
