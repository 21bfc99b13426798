#include "models/registry/disk_tools.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/i18n.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> io_error(const fs::path& path, int code) {
  return fail(ErrorKind::io, tr("Cannot write: {}", std::strerror(code)), path.string());
}

}  // namespace

Result<void> sync_path(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return io_error(path, errno);
  const int status = ::fsync(fd);
  const int code = errno;
  ::close(fd);
  if (status != 0) return io_error(path, code);
  return {};
}

Result<void> move_into_place(const fs::path& from, const fs::path& to) {
  if (auto synced = sync_path(from); !synced) return synced;
  if (::rename(from.c_str(), to.c_str()) != 0) return io_error(to, errno);
  return sync_path(to.parent_path().empty() ? fs::path(".") : to.parent_path());
}

Result<void> copy_synced(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  if (!error) return sync_path(to);
  std::error_code ignored;
  fs::remove(to, ignored);
  return fail(ErrorKind::io, tr("Cannot copy to {}: {}", to.string(), error.message()), from.string());
}

Result<void> move_or_copy(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return sync_path(to);
  if (errno != EXDEV) return io_error(to, errno);
  if (auto copied = copy_synced(from, to); !copied) return copied;
  std::error_code ignored;
  fs::remove(from, ignored);
  return {};
}

Result<void> replace_folder(const fs::path& fresh, const fs::path& target) {
  if (auto synced = sync_path(fresh); !synced) return synced;
  // A plain rename cannot replace a folder that holds files: exchange the two, then remove the old one.
  const bool exchanged = fs::exists(target);
  const unsigned flags = exchanged ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, target.c_str(), flags) != 0) {
    if (errno != EINVAL) return io_error(target, errno);
    // A file system without these flags (NFS): not atomic, but the newer folder is never lost.
    std::error_code error;
    fs::remove_all(target, error);
    if (::rename(fresh.c_str(), target.c_str()) != 0) return io_error(target, errno);
    return sync_path(target.parent_path());
  }
  if (auto synced = sync_path(target.parent_path()); !synced) return synced;
  if (exchanged) {
    std::error_code ignored;
    fs::remove_all(fresh, ignored);
  }
  return {};
}

}  // namespace twin::models
