// Files too large for memory: synced, moved and copied so that a crash leaves the old file or the new one.
#pragma once

#include <filesystem>

#include "core/result.h"

namespace twin::models {

/// fsync of a file or folder.
[[nodiscard]] Result<void> sync_path(const std::filesystem::path& path);
/// Syncs `from` and renames it to `to` (same file system), then syncs the folder.
[[nodiscard]] Result<void> move_into_place(const std::filesystem::path& from, const std::filesystem::path& to);
/// Renames, or copies where `to` is on another file system. The file is synced.
[[nodiscard]] Result<void> move_or_copy(const std::filesystem::path& from, const std::filesystem::path& to);
/// Copies the bytes and syncs; a partial copy is removed.
[[nodiscard]] Result<void> copy_synced(const std::filesystem::path& from, const std::filesystem::path& to);
/// Puts the folder `fresh` at `target` in one step; an older folder there is exchanged and then removed.
[[nodiscard]] Result<void> replace_folder(const std::filesystem::path& fresh, const std::filesystem::path& target);

}  // namespace twin::models
