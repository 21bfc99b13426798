#include "core/files.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <deque>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "core/file_parts.h"
#include "core/i18n.h"
#include "core/log.h"

namespace fs = std::filesystem;

namespace twin {

namespace {

constexpr std::size_t kReadBytes = 1 << 16;
constexpr std::size_t kFilesAtOnce = 128;  // open at the same time by write_many()
// Temporary files are named .twin-tmp-<pid>-<n>: no longer than NAME_MAX whatever the target is called.
constexpr std::string_view kTemporaryPrefix = ".twin-tmp-";
constexpr mode_t kDefaultMode = 0666;  // less the umask

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  /// Closes now, and tells whether the kernel reported a late write error.
  [[nodiscard]] bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

tl::unexpected<Error> io_error(int code, std::string_view action, const fs::path& path) {
  const ErrorKind kind = code == ENOENT || code == ENOTDIR ? ErrorKind::not_found : ErrorKind::io;
  std::string hint;
  if (code == ENOSPC || code == EDQUOT) hint = tr("free some disk space, then run the same command again");
  if (code == EACCES || code == EPERM) hint = tr("check the permissions");
  if (code == EROFS) hint = tr("the disk is read-only");
  return fail(kind, fmt::format("{}: {}", action, std::strerror(code)), path.string(), std::move(hint));
}

bool is_temporary(const fs::path& path) {
  return path.filename().string().starts_with(kTemporaryPrefix);
}

fs::path temporary_beside(const fs::path& target) {
  static std::atomic<unsigned> counter{0};
  return target.parent_path() / fmt::format("{}{}-{}", kTemporaryPrefix, ::getpid(), counter++);
}

int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

/// A new file keeps the usual mode, a replaced one its own (a twin.yaml with keys may be 0600).
void keep_mode(const fs::path& target, int fd) {
  struct stat old {};
  if (::stat(target.c_str(), &old) != 0) return;
  if (::fchmod(fd, old.st_mode & 07777) != 0) log::warn("cannot keep the mode of {}", target.string());
}

/// Through a symbolic link the file it names is replaced, not the link.
fs::path target_of(const fs::path& path) {
  std::error_code ignored;
  return fs::is_symlink(path, ignored) ? fs::weakly_canonical(path, ignored) : path;
}

/// A file on its way: written under a temporary name, then synced, then renamed. The temporary file goes with it.
class PendingFile {
 public:
  explicit PendingFile(fs::path target) : target_(std::move(target)), temporary_(temporary_beside(target_)) {}
  ~PendingFile() {
    if (made_) ::unlink(temporary_.c_str());
  }
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  /// Each returns 0 or errno.
  int write(std::span<const std::string_view> parts) {
    Descriptor file(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kDefaultMode));
    if (!file) return errno;
    made_ = true;
    fd_.emplace(file.release());
    keep_mode(target_, fd_->get());
    for (const std::string_view part : parts) {
      if (const int code = write_all(fd_->get(), part); code != 0) return code;
    }
    return 0;
  }
  /// Lets the kernel begin to write, so that sync() of several files waits once.
  void start_sync() const { ::sync_file_range(fd_->get(), 0, 0, SYNC_FILE_RANGE_WRITE); }
  int sync() {
    if (::fsync(fd_->get()) != 0) return errno;
    return fd_->close() ? 0 : errno;
  }
  int rename() {
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) return errno;
    made_ = false;
    return 0;
  }
  [[nodiscard]] fs::path folder() const { return target_.parent_path(); }

 private:
  fs::path target_, temporary_;
  std::optional<Descriptor> fd_;
  bool made_ = false;
};

/// The rename itself is only durable once the folder is synced. Some file systems cannot sync folders (EINVAL).
int sync_folder(const fs::path& folder) {
  const Descriptor handle(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle) return errno;
  return ::fsync(handle.get()) == 0 || errno == EINVAL ? 0 : errno;
}

class Disk final : public FileSystem, public FileParts {
 public:
  [[nodiscard]] Result<std::string> read(const fs::path& path, std::uint64_t max_bytes) const override {
    // O_NONBLOCK: opening a pipe must not wait for a writer.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) return io_error(errno, tr("cannot read"), path);
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) return io_error(errno, tr("cannot read"), path);
    if (!S_ISREG(info.st_mode)) return fail(ErrorKind::invalid, tr("not a regular file"), path.string());
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (size > max_bytes) return too_large(path, max_bytes);
    // Until the end, not until `size`: the file may grow meanwhile, and files of /proc say 0.
    std::string bytes(size + 1, '\0');
    for (std::size_t filled = 0;;) {
      const ssize_t got = ::read(file.get(), bytes.data() + filled, bytes.size() - filled);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return io_error(errno, tr("cannot read"), path);
      filled += static_cast<std::size_t>(got);
      if (filled > max_bytes) return too_large(path, max_bytes);
      if (got == 0) {
        bytes.resize(filled);
        return bytes;
      }
      if (filled == bytes.size()) bytes.resize(filled + kReadBytes);
    }
  }

  [[nodiscard]] Result<std::string> read_part(const fs::path& path, std::uint64_t offset,
                                              std::uint64_t size) const override {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) return io_error(errno, tr("cannot read"), path);
    std::string bytes(size, '\0');
    std::size_t filled = 0;
    while (filled < bytes.size()) {
      const ssize_t got =
          ::pread(file.get(), bytes.data() + filled, bytes.size() - filled, static_cast<off_t>(offset + filled));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return io_error(errno, tr("cannot read"), path);
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
    }
    bytes.resize(filled);
    return bytes;
  }

  [[nodiscard]] Result<void> write(const fs::path& path, std::string_view bytes) override {
    return write_many({{path, bytes}});
  }

  [[nodiscard]] Result<void> write_many(const std::vector<FileBytes>& files) override {
    for (std::size_t at = 0; at < files.size(); at += kFilesAtOnce) {
      const auto chunk = std::span(files).subspan(at, std::min(kFilesAtOnce, files.size() - at));
      if (auto written = write_chunk(chunk); !written) return written;
    }
    return {};
  }

  [[nodiscard]] Result<void> write_joined(const fs::path& path, const std::vector<std::string_view>& parts) override {
    const fs::path target = target_of(path);
    if (const fs::path folder = target.parent_path(); !folder.empty()) {
      std::error_code code;
      fs::create_directories(folder, code);
      if (code) return io_error(code.value(), tr("cannot make the folder"), folder);
    }
    PendingFile file(target);
    int code = file.write(parts);
    if (code == 0) code = file.sync();
    if (code == 0) code = file.rename();
    if (code == 0) code = sync_folder(file.folder());
    if (code != 0) return io_error(code, tr("cannot write"), path);
    return {};
  }

  [[nodiscard]] Result<FileStat> stat(const fs::path& path) const override {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return io_error(errno, tr("cannot read"), path);
    FileStat result;
    result.size = static_cast<std::uint64_t>(info.st_size);
    result.modified_ns = std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
    result.directory = S_ISDIR(info.st_mode);
    return result;
  }

  [[nodiscard]] Result<std::vector<fs::path>> list(const fs::path& folder, std::vector<Error>* skipped) const override {
    std::vector<fs::path> files;
    std::vector<fs::path> pending{folder};
    while (!pending.empty()) {
      const fs::path current = std::move(pending.back());
      pending.pop_back();
      if (const int code = list_one(current, files, pending); code != 0) {
        auto error = io_error(code, tr("cannot read the folder"), current);
        if (skipped == nullptr || current == folder) return error;
        skipped->push_back(std::move(error.value()));
      }
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  [[nodiscard]] Result<void> remove(const fs::path& path) override {
    if (::remove(path.c_str()) != 0) return io_error(errno, tr("cannot remove"), path);
    return {};
  }

 private:
  static Result<void> write_chunk(std::span<const FileBytes> files) {
    std::deque<PendingFile> pending;
    std::set<fs::path> folders;
    for (const auto& [path, bytes] : files) {
      const fs::path target = target_of(path);
      const fs::path folder = target.parent_path();
      if (folders.insert(folder).second && !folder.empty()) {
        std::error_code code;
        fs::create_directories(folder, code);
        if (code) return io_error(code.value(), tr("cannot make the folder"), folder);
      }
      if (const int code = pending.emplace_back(target).write({&bytes, 1}); code != 0) {
        return io_error(code, tr("cannot write"), path);
      }
    }
    if (pending.size() > 1) {
      for (const auto& file : pending) file.start_sync();
    }
    const auto step = [&](int (PendingFile::*action)()) -> Result<void> {
      for (std::size_t i = 0; i < pending.size(); ++i) {
        if (const int code = (pending[i].*action)(); code != 0)
          return io_error(code, tr("cannot write"), files[i].path);
      }
      return {};
    };
    if (auto synced = step(&PendingFile::sync); !synced) return synced;
    if (auto renamed = step(&PendingFile::rename); !renamed) return renamed;
    for (const auto& folder : folders) {
      if (const int code = sync_folder(folder); code != 0) return io_error(code, tr("cannot write"), folder);
    }
    return {};
  }

  static tl::unexpected<Error> too_large(const fs::path& path, std::uint64_t max_bytes) {
    return fail(ErrorKind::limit, tr("larger than the limit of {} bytes", max_bytes), path.string());
  }

  static int list_one(const fs::path& folder, std::vector<fs::path>& files, std::vector<fs::path>& folders) {
    std::error_code code;
    for (fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code)) {
      std::error_code gone;  // removed between listing and looking: not there
      const auto type = it->symlink_status(gone).type();
      if (type == fs::file_type::directory) folders.push_back(it->path());
      if (type == fs::file_type::regular && !is_temporary(it->path())) files.push_back(it->path());
    }
    return code.value();
  }
};

}  // namespace

Result<void> FileSystem::write_many(const std::vector<FileBytes>& files) {
  for (const auto& [path, bytes] : files) {
    if (auto written = write(path, bytes); !written) return written;
  }
  return {};
}

Result<std::string> read_part(const FileSystem& files, const fs::path& path, std::uint64_t offset, std::uint64_t size) {
  if (const auto* parts = dynamic_cast<const FileParts*>(&files)) return parts->read_part(path, offset, size);
  auto whole = files.read(path, UINT64_MAX);
  if (!whole) return whole;
  return offset >= whole->size() ? std::string() : whole->substr(offset, size);
}

Result<void> write_joined(FileSystem& files, const fs::path& path, const std::vector<std::string_view>& parts) {
  if (auto* together = dynamic_cast<FileParts*>(&files)) return together->write_joined(path, parts);
  std::string bytes;
  for (const std::string_view part : parts) bytes += part;
  return files.write(path, bytes);
}

FileSystem& disk() {
  static Disk instance;
  return instance;
}

std::size_t remove_leftovers(const fs::path& folder) {
  std::size_t removed = 0;
  std::error_code code;
  constexpr auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator it(folder, options, code), end; !code && it != end; it.increment(code)) {
    if (!is_temporary(it->path())) continue;
    const std::string digits = it->path().filename().string().substr(kTemporaryPrefix.size());
    pid_t writer = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), writer);
    const bool alive = writer == ::getpid() || (writer > 0 && (::kill(writer, 0) == 0 || errno == EPERM));
    std::error_code ignored;
    if (!alive && fs::remove(it->path(), ignored)) ++removed;
  }
  return removed;
}

TempFolder::TempFolder(std::string_view prefix) {
  std::string name = (fs::temp_directory_path() / fmt::format("{}-XXXXXX", prefix)).string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw Fatal(ErrorKind::io, tr("cannot make a temporary folder: {}", std::strerror(errno)), name,
                tr("set TMPDIR to a folder with space"));
  }
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code code;
  fs::remove_all(path_, code);
  if (code) log::warn("cannot remove the temporary folder {}: {}", path_.string(), code.message());
}

Result<FileLock> FileLock::acquire(const fs::path& path) {
  std::error_code code;
  if (!path.parent_path().empty()) fs::create_directories(path.parent_path(), code);
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kDefaultMode));
  if (!file) return io_error(errno, tr("cannot open the lock file"), path);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return io_error(errno, tr("cannot lock"), path);
    char holder[32] = {};
    const ssize_t got = ::pread(file.get(), holder, sizeof holder - 1, 0);
    const std::string pid(holder, got > 0 ? static_cast<std::size_t>(got) : 0);
    return fail(ErrorKind::io,
                tr("in use by another Twin (process {})", pid.empty() ? "?" : pid.substr(0, pid.find('\n'))),
                path.string(), tr("wait for it to finish, or stop it"));
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  // The pid is only for the message; the kernel holds the lock.
  if (::ftruncate(file.get(), 0) != 0 || ::pwrite(file.get(), pid.data(), pid.size(), 0) < 0) {
    log::warn("cannot write the process id into {}: {}", path.string(), std::strerror(errno));
  }
  return FileLock(file.release());
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

}  // namespace twin
