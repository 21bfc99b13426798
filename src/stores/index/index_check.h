// Damage in the index's file, and what to do about it: all of it can be made again from the warehouse.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace twin::stores {

/// Looks for damage in <folder>/index.db, reading all of it: the structure of tables (SQLite's quick_check), and
/// whether each vector still gives the bytes that were made from it, and each passage's words can be read. What was
/// found, or nothing. Skipped where the file is as it was at the last check, less than `recheck_hours` ago: disks
/// forget, but not each minute. No file is no damage; a file that cannot be read for another reason (rights, another
/// writer) is left to those who open it.
[[nodiscard]] std::optional<std::string> find_index_damage(const std::filesystem::path& folder, int recheck_hours = 24);

/// Makes the next find_index_damage() read the file in any case.
void forget_index_check(const std::filesystem::path& folder);

/// Moves index.db and what belongs to it into <folder>/damaged, in place of what lay there before; the index is empty
/// then. Nobody may have it open for writing. Throws Fatal where the files cannot be moved. Returns that folder.
std::filesystem::path set_aside_index(const std::filesystem::path& folder);

/// Removes index.db and what belongs to it; other files of the folder stay. Throws Fatal where they cannot be removed.
void remove_index_files(const std::filesystem::path& folder);

}  // namespace twin::stores
