#include "core/spawn.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>

#include "core/i18n.h"

namespace fs = std::filesystem;

namespace twin {

namespace {

/// Runs every fork() of the program. PR_SET_PDEATHSIG fires when the *thread* that forked exits, not the process:
/// a worker started from a short-lived thread would be killed with that thread. This thread lives until the end.
class Spawner {
 public:
  static Spawner& instance() {
    static auto* spawner = new Spawner;  // never destroyed: its end would kill the children
    return *spawner;
  }

  void run(std::function<void()> job) {
    std::packaged_task<void()> task(std::move(job));
    auto done = task.get_future();
    {
      const std::scoped_lock lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
    done.get();
  }

 private:
  Spawner() { std::thread(&Spawner::loop, this).detach(); }

  void loop() {
    // Signals of the program (Ctrl-C) are for its own threads.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    while (true) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return !tasks_.empty(); });
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::packaged_task<void()>> tasks_;
};

/// Everything the child needs, prepared before fork(): afterwards only async-signal-safe calls are allowed.
struct Prepared {
  const char* program;
  const char* folder;  ///< null: stay
  std::vector<char*> argv, envp;
  int in, out, err, report;
  pid_t parent;
  SpawnLimits limits;
};

[[noreturn]] void report_and_exit(int report) {
  const int code = errno;
  [[maybe_unused]] const ssize_t sent = ::write(report, &code, sizeof code);
  ::_exit(127);
}

/// dup2() leaves close-on-exec set when both numbers are equal.
bool place(int fd, int target) {
  if (fd == target) return ::fcntl(fd, F_SETFD, 0) == 0;
  return ::dup2(fd, target) == target;
}

bool limit(decltype(RLIMIT_AS) resource, std::uint64_t soft, std::uint64_t hard) {
  if (soft == 0) return true;
  const rlimit values{.rlim_cur = soft, .rlim_max = hard};
  return ::setrlimit(resource, &values) == 0;
}

bool set_limits(const SpawnLimits& limits) {
  return limit(RLIMIT_AS, limits.memory_bytes, limits.memory_bytes) &&
         limit(RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1) &&
         limit(RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes);
}

[[noreturn]] void child(const Prepared& p) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != p.parent) ::_exit(127);  // the parent died before the line above
  ::setsid();                                 // own group, no terminal: asking for a password fails instead of hanging
  // An ignored signal stays ignored over exec; handlers do not matter.
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGQUIT, SIGXCPU}) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (!place(p.in, 0) || !place(p.out, 1) || !place(p.err, 2)) report_and_exit(p.report);
  // Libraries may have opened descriptors without close-on-exec; a worker must not hold our database or sockets.
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  if (p.folder != nullptr && ::chdir(p.folder) != 0) report_and_exit(p.report);
  if (!set_limits(p.limits)) report_and_exit(p.report);
  ::execve(p.program, p.argv.data(), p.envp.data());
  report_and_exit(p.report);
}

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& added, bool alone) {
  std::vector<std::string> result;
  for (char** entry = environ; !alone && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!added.contains(std::string(text.substr(0, text.find('='))))) result.emplace_back(text);
  }
  for (const auto& [name, value] : added) result.push_back(name + "=" + value);
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

tl::unexpected<Error> system_error(std::string message) {
  return fail(ErrorKind::io, fmt::format("{}: {}", message, std::strerror(errno)));
}

/// A program may be started with closed standard streams. Then new pipes would get their numbers, and arranging the
/// child's streams would close one for the other.
void fill_standard_streams() {
  static const bool filled = [] {
    int fd = 0;
    while ((fd = ::open("/dev/null", O_RDWR)) >= 0 && fd <= STDERR_FILENO) continue;
    if (fd > STDERR_FILENO) ::close(fd);
    return true;
  }();
  static_cast<void>(filled);
}

bool is_program(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

void OwnedFd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

Result<std::pair<OwnedFd, OwnedFd>> make_pipe() {
  fill_standard_streams();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error(tr("cannot make a pipe"));
  return std::pair{OwnedFd(ends[0]), OwnedFd(ends[1])};
}

Result<OwnedFd> fd_with_text(const std::string& text) {
  fill_standard_streams();
  OwnedFd file(text.empty() ? ::open("/dev/null", O_RDONLY | O_CLOEXEC) : ::memfd_create("twin-stdin", MFD_CLOEXEC));
  if (!file) return system_error(tr("cannot prepare the input of a program"));
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(file.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return system_error(tr("cannot prepare the input of a program"));
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (!text.empty()) ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

Result<fs::path> resolve_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    std::error_code ignored;
    if (is_program(name)) return fs::absolute(name, ignored);
    return fail(ErrorKind::not_found, tr("no such program"), name);
  }
  const char* variable = std::getenv("PATH");
  std::string_view rest = variable != nullptr ? variable : "/usr/local/bin:/usr/bin:/bin";
  while (!name.empty() && !rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    if (!folder.empty() && is_program(fs::path(folder) / name)) return fs::absolute(fs::path(folder) / name);
  }
  return fail(ErrorKind::not_found, tr("no such program in PATH"), name, tr("install it, or add its folder to PATH"));
}

Result<pid_t> spawn(const SpawnRequest& request) {
  auto report = make_pipe();
  if (!report) return tl::unexpected(report.error());
  auto& [report_read, report_write] = *report;
  std::vector<std::string> argv = request.argv;
  std::vector<std::string> environment = merged_environment(request.environment, request.own_environment);
  const Prepared prepared{.program = request.program.c_str(),
                          .folder = request.folder.empty() ? nullptr : request.folder.c_str(),
                          .argv = pointers(argv),
                          .envp = pointers(environment),
                          .in = request.in,
                          .out = request.out,
                          .err = request.err,
                          .report = report_write.get(),
                          .parent = ::getpid(),
                          .limits = request.limits};
  pid_t pid = -1;
  int fork_error = 0;
  Spawner::instance().run([&] {
    pid = ::fork();
    if (pid == 0) child(prepared);
    fork_error = errno;
  });
  if (pid < 0) {
    errno = fork_error;
    return system_error(tr("cannot start a process"));
  }
  report_write.reset();
  int code = 0;
  ssize_t got = 0;
  do {
    got = ::read(report_read.get(), &code, sizeof code);
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(sizeof code)) return pid;  // closed by exec: it runs
  ::waitpid(pid, nullptr, 0);
  return fail(ErrorKind::io, tr("cannot start the program: {}", std::strerror(code)), request.program.string());
}

}  // namespace twin
