// The disk behind an interface. Whatever is written goes to a temporary name, is synced, then renamed:
// after a crash a file is either the old one or the new one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace twin {

struct FileStat {
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;  ///< since the Unix epoch
  bool directory = false;
};

/// One file of FileSystem::write_many().
struct FileBytes {
  std::filesystem::path path;
  std::string_view bytes;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  /// The whole file. Fails with ErrorKind::limit when larger than max_bytes.
  [[nodiscard]] virtual Result<std::string> read(const std::filesystem::path& path,
                                                 std::uint64_t max_bytes = 256ull << 20) const = 0;
  /// Atomic and durable: temporary file in the same folder, fsync, rename, fsync of the folder. Makes parent folders.
  [[nodiscard]] virtual Result<void> write(const std::filesystem::path& path, std::string_view bytes) = 0;
  /// Each file as by write(), all of them durable on return. They share the waiting for the disk, which is most of what
  /// a small file costs. After a failure some may have been written.
  [[nodiscard]] virtual Result<void> write_many(const std::vector<FileBytes>& files);
  [[nodiscard]] virtual Result<FileStat> stat(const std::filesystem::path& path) const = 0;
  /// Every regular file below the folder, sorted by path; symbolic links are not followed, unfinished temporary files
  /// of write() are left out. A folder below that cannot be read goes into `skipped`; without `skipped` it is an error.
  [[nodiscard]] virtual Result<std::vector<std::filesystem::path>> list(
      const std::filesystem::path& folder, std::vector<Error>* skipped = nullptr) const = 0;
  /// Removes a file or an empty folder; one that is already gone is ErrorKind::not_found.
  [[nodiscard]] virtual Result<void> remove(const std::filesystem::path& path) = 0;
  [[nodiscard]] bool exists(const std::filesystem::path& path) const { return stat(path).has_value(); }
};

/// The real disk. One instance, thread-safe.
FileSystem& disk();

/// Removes what killed writers left below the folder: temporary files of write() whose process is gone. Returns how
/// many.
std::size_t remove_leftovers(const std::filesystem::path& folder);

/// Files in memory, for tests. After `fail_writes_after` bytes it behaves like a full disk.
class MemoryFiles final : public FileSystem {
 public:
  [[nodiscard]] Result<std::string> read(const std::filesystem::path& path,
                                         std::uint64_t max_bytes = 256ull << 20) const override;
  [[nodiscard]] Result<void> write(const std::filesystem::path& path, std::string_view bytes) override;
  [[nodiscard]] Result<FileStat> stat(const std::filesystem::path& path) const override;
  [[nodiscard]] Result<std::vector<std::filesystem::path>> list(const std::filesystem::path& folder,
                                                                std::vector<Error>* skipped = nullptr) const override;
  [[nodiscard]] Result<void> remove(const std::filesystem::path& path) override;
  std::uint64_t fail_writes_after = UINT64_MAX;

 private:
  mutable std::mutex mutex_;
  std::map<std::filesystem::path, std::string> files_;
  std::uint64_t used_ = 0;
};

/// A folder that is removed with everything in it at the end of scope. Made under the system's temporary folder.
class TempFolder {
 public:
  explicit TempFolder(std::string_view prefix = "twin");
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// Advisory lock on a file, held until destruction; released by the kernel when the process dies.
class FileLock {
 public:
  /// Fails at once with the holder's pid in the message when another process has it.
  [[nodiscard]] static Result<FileLock> acquire(const std::filesystem::path& path);
  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace twin
