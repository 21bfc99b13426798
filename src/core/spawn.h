// The system-call side of Process: starting one child safely from a program with many threads.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/result.h"

namespace twin {

/// A file descriptor with an owner.
class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  ~OwnedFd() { reset(); }
  OwnedFd(OwnedFd&& other) noexcept : fd_(other.release()) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void reset(int fd = -1);
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// What the kernel holds the child to; zero: no limit.
struct SpawnLimits {
  std::uint64_t memory_bytes = 0;  ///< address space (RLIMIT_AS)
  std::uint64_t cpu_seconds = 0;   ///< processor time (RLIMIT_CPU): SIGXCPU, a second later SIGKILL
  std::uint64_t file_bytes = 0;    ///< of a file that it writes (RLIMIT_FSIZE)
};

struct SpawnRequest {
  std::filesystem::path program;  ///< absolute
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;  ///< added to the parent's
  bool own_environment = false;                    ///< `environment` alone, nothing of the parent's
  std::filesystem::path folder;
  int in = -1, out = -1, err = -1;  ///< become 0, 1, 2 of the child
  SpawnLimits limits = {};
};

/// Starts the child and returns once exec succeeded or failed.
[[nodiscard]] Result<pid_t> spawn(const SpawnRequest& request);
/// The program behind a name: as a shell finds it in PATH; a name with a slash relative to the current folder.
[[nodiscard]] Result<std::filesystem::path> resolve_program(const std::string& name);
/// Both ends close on exec.
[[nodiscard]] Result<std::pair<OwnedFd, OwnedFd>> make_pipe();
/// A readable descriptor whose content is the text (a file in memory: no writer thread, no SIGPIPE).
[[nodiscard]] Result<OwnedFd> fd_with_text(const std::string& text);

}  // namespace twin
