#include <fmt/core.h>

#include "core/files.h"
#include "core/i18n.h"

namespace fs = std::filesystem;

namespace twin {

Result<std::string> MemoryFiles::read(const fs::path& path, std::uint64_t max_bytes) const {
  const std::scoped_lock lock(mutex_);
  const auto it = files_.find(path.lexically_normal());
  if (it == files_.end()) return fail(ErrorKind::not_found, tr("cannot read"), path.string());
  if (it->second.size() > max_bytes) {
    return fail(ErrorKind::limit, tr("larger than the limit of {} bytes", max_bytes), path.string());
  }
  return it->second;
}

Result<void> MemoryFiles::write(const fs::path& path, std::string_view bytes) {
  const std::scoped_lock lock(mutex_);
  // Like on a real disk, the new bytes need room beside the old ones before the rename.
  if (bytes.size() > fail_writes_after || used_ > fail_writes_after - bytes.size()) {
    return fail(ErrorKind::io, fmt::format("{}: {}", tr("cannot write"), "No space left on device"), path.string(),
                tr("free some disk space, then run the same command again"));
  }
  std::string& file = files_[path.lexically_normal()];
  used_ = used_ - file.size() + bytes.size();
  file = bytes;
  return {};
}

Result<FileStat> MemoryFiles::stat(const fs::path& path) const {
  const std::scoped_lock lock(mutex_);
  const fs::path normal = path.lexically_normal();
  if (const auto it = files_.find(normal); it != files_.end()) {
    return FileStat{.size = it->second.size(), .modified_ns = 0, .directory = false};
  }
  for (const auto& [name, bytes] : files_) {
    const fs::path relative = name.lexically_relative(normal);
    if (!relative.empty() && *relative.begin() != "..") return FileStat{.size = 0, .modified_ns = 0, .directory = true};
  }
  return fail(ErrorKind::not_found, tr("cannot read"), path.string());
}

Result<std::vector<fs::path>> MemoryFiles::list(const fs::path& folder, std::vector<Error>* /*skipped*/) const {
  const auto info = stat(folder);
  if (!info || !info->directory) return fail(ErrorKind::not_found, tr("cannot read the folder"), folder.string());
  const std::scoped_lock lock(mutex_);
  std::vector<fs::path> found;
  for (const auto& [name, bytes] : files_) {
    const fs::path relative = name.lexically_relative(folder.lexically_normal());
    if (!relative.empty() && *relative.begin() != "..") found.push_back(name);
  }
  return found;
}

Result<void> MemoryFiles::remove(const fs::path& path) {
  const std::scoped_lock lock(mutex_);
  const auto it = files_.find(path.lexically_normal());
  if (it == files_.end()) return fail(ErrorKind::not_found, tr("cannot remove"), path.string());
  used_ -= it->second.size();
  files_.erase(it);
  return {};
}

}  // namespace twin
