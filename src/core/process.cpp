#include "core/process.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>

#include "core/i18n.h"
#include "core/log.h"
#include "core/spawn.h"

namespace twin {

namespace {

constexpr std::size_t kPipeBytes = 1 << 16;
// A grandchild may keep the pipe open after the child ended; its output is not waited for longer than this.
constexpr int kDrainMillis = 500;

using Chunks = std::function<void(std::string_view)>;

/// Cuts a stream into lines; memory stays below the limit whatever the child writes.
class LineSplitter {
 public:
  LineSplitter(std::function<void(std::string_view)> on_line, std::size_t max_bytes)
      : on_line_(std::move(on_line)), max_bytes_(max_bytes) {}

  void feed(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      keep(bytes.substr(0, end));
      if (end == std::string_view::npos) return;
      emit();
      bytes.remove_prefix(end + 1);
    }
  }
  void finish() {
    if (!line_.empty() || dropped_ > 0) emit();
  }

 private:
  void keep(std::string_view part) {
    const std::size_t room = max_bytes_ - std::min(max_bytes_, line_.size());
    line_ += part.substr(0, room);
    if (part.size() > room) dropped_ += part.size() - room;
  }
  void emit() {
    if (dropped_ > 0) line_ += fmt::format(" … [line cut: {} bytes more]", dropped_);
    if (!line_.empty() && line_.back() == '\r') line_.pop_back();
    on_line_(line_);
    line_.clear();
    dropped_ = 0;
  }

  std::function<void(std::string_view)> on_line_;
  std::size_t max_bytes_;
  std::string line_;
  std::size_t dropped_ = 0;
};

/// Reads one stream of the child until its end, or until `ended` is signalled and nothing more comes.
void pump(int fd, int ended, const Chunks& on_chunk) {
  std::string block(kPipeBytes, '\0');
  bool exited = false;
  while (true) {
    pollfd watched[2] = {{fd, POLLIN, 0}, {ended, POLLIN, 0}};
    const int ready = ::poll(watched, exited ? 1 : 2, exited ? kDrainMillis : -1);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return;
    if (watched[0].revents == 0) {
      exited = true;
      continue;
    }
    const ssize_t got = ::read(fd, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    on_chunk({block.data(), static_cast<std::size_t>(got)});
  }
}

int exit_status(int status) {
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  return 128 + (WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

/// A callback that throws must not end the program from a reader thread: its later output is dropped, with a log line.
Chunks guarded(Chunks inner) {
  return [inner = std::move(inner), failed = false](std::string_view chunk) mutable {
    if (failed) return;
    try {
      inner(chunk);
    } catch (const std::exception& error) {
      failed = true;
      log::error("reading the output of a program: {}", error.what());
    }
  };
}

}  // namespace

struct Process::State {
  pid_t pid = -1;
  bool alone = false;  ///< its helpers end with it
  OwnedFd ended;       ///< eventfd: tells the readers that the child is gone
  std::mutex mutex;
  std::condition_variable_any changed;
  bool reaped = false;        ///< under mutex: the pid may belong to somebody else
  std::optional<int> status;  ///< under mutex: set once all output was delivered
  std::vector<std::thread> readers;
  std::thread waiter;

  void watch() {
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) continue;
    int raw = 0;
    {
      const std::scoped_lock lock(mutex);
      // The group's number is the child's, which is kept from others until it is reaped.
      if (alone) ::kill(-pid, SIGKILL);
      ::waitpid(pid, &raw, 0);
      reaped = true;
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t sent = ::write(ended.get(), &one, sizeof one);
    for (std::thread& reader : readers) reader.join();
    const std::scoped_lock lock(mutex);
    status = exit_status(raw);
    changed.notify_all();
  }

  /// To the whole group, so that helpers of the child end too.
  void signal(int number) {
    const std::scoped_lock lock(mutex);
    if (!reaped && ::kill(-pid, number) != 0) ::kill(pid, number);
  }

  void read_from(OwnedFd fd, Chunks on_chunk, std::function<void()> at_end) {
    readers.emplace_back(
        [this, fd = std::move(fd), on_chunk = guarded(std::move(on_chunk)), at_end = std::move(at_end)] {
          pump(fd.get(), ended.get(), on_chunk);
          if (at_end) guarded([&](std::string_view) { at_end(); })("");
        });
  }

  /// One stream of the child: a pipe with a reader, or /dev/null.
  struct Stream {
    OwnedFd child_end, our_end;
  };
  static Result<Stream> open_stream(bool wanted) {
    Stream stream;
    if (!wanted) {
      stream.child_end.reset(::open("/dev/null", O_WRONLY | O_CLOEXEC));
      return stream;
    }
    auto pipe = make_pipe();
    if (!pipe) return tl::unexpected(pipe.error());
    stream.our_end = std::move(pipe->first);
    stream.child_end = std::move(pipe->second);
    return stream;
  }

  struct Consumer {
    Chunks on_chunk;  ///< empty: the stream is not wanted
    std::function<void()> at_end;
  };

  static Result<std::unique_ptr<State>> start(const ProcessSpec& spec, Consumer out, Consumer err);
};

Result<std::unique_ptr<Process::State>> Process::State::start(const ProcessSpec& spec, Consumer out, Consumer err) {
  if (spec.argv.empty()) return fail(ErrorKind::internal, "a process needs a program");
  auto program = resolve_program(spec.argv.front());
  if (!program) return tl::unexpected(program.error());
  auto input = fd_with_text(spec.stdin_text);
  if (!input) return tl::unexpected(input.error());

  OwnedFd log_file;
  Stream out_stream, err_stream;
  if (!spec.log.empty()) {
    std::error_code ignored;
    std::filesystem::create_directories(spec.log.parent_path(), ignored);
    log_file.reset(::open(spec.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
    if (!log_file) return fail(ErrorKind::io, tr("cannot write: {}", std::strerror(errno)), spec.log.string());
  } else {
    auto first = open_stream(static_cast<bool>(out.on_chunk));
    if (!first) return tl::unexpected(first.error());
    auto second = open_stream(static_cast<bool>(err.on_chunk));
    if (!second) return tl::unexpected(second.error());
    out_stream = std::move(*first);
    err_stream = std::move(*second);
  }
  auto state = std::make_unique<State>();
  state->ended.reset(::eventfd(0, EFD_CLOEXEC));
  const auto pid = spawn({.program = *program,
                          .argv = spec.argv,
                          .environment = spec.environment,
                          .own_environment = spec.own_environment,
                          .folder = spec.folder,
                          .in = spec.stdin_fd >= 0 ? spec.stdin_fd : input->get(),
                          .out = log_file ? log_file.get() : out_stream.child_end.get(),
                          .err = log_file ? log_file.get() : err_stream.child_end.get(),
                          .limits = spec.limits});
  if (!pid) return tl::unexpected(pid.error());
  state->pid = *pid;
  state->alone = spec.alone;
  if (out_stream.our_end)
    state->read_from(std::move(out_stream.our_end), std::move(out.on_chunk), std::move(out.at_end));
  if (err_stream.our_end)
    state->read_from(std::move(err_stream.our_end), std::move(err.on_chunk), std::move(err.at_end));
  state->waiter = std::thread([raw = state.get()] { raw->watch(); });
  return state;
}

Process::Process(std::unique_ptr<State> state) : state_(std::move(state)) {}

Process::~Process() {
  stop();
  state_->waiter.join();
}

Result<std::unique_ptr<Process>> Process::start(ProcessSpec spec) {
  const auto lines = [&](const std::function<void(std::string_view)>& on_line) -> State::Consumer {
    if (!on_line) return {};
    auto splitter = std::make_shared<LineSplitter>(on_line, spec.max_line_bytes);
    return {[splitter](std::string_view chunk) { splitter->feed(chunk); }, [splitter] { splitter->finish(); }};
  };
  auto state = State::start(spec, lines(spec.on_stdout), lines(spec.on_stderr));
  if (!state) return tl::unexpected(state.error());
  return std::unique_ptr<Process>(new Process(std::move(*state)));
}

Result<std::unique_ptr<Process>> Process::start_raw(ProcessSpec spec, std::function<void(std::string_view)> on_stdout,
                                                    std::function<void(std::string_view)> on_stderr) {
  auto state = State::start(spec, {std::move(on_stdout), {}}, {std::move(on_stderr), {}});
  if (!state) return tl::unexpected(state.error());
  return std::unique_ptr<Process>(new Process(std::move(*state)));
}

pid_t Process::pid() const {
  return state_->pid;
}

std::optional<int> Process::poll() {
  const std::scoped_lock lock(state_->mutex);
  return state_->status;
}

int Process::wait(std::stop_token stop_requested) {
  {
    std::unique_lock lock(state_->mutex);
    if (state_->changed.wait(lock, stop_requested, [this] { return state_->status.has_value(); })) {
      return *state_->status;
    }
  }
  return stop();
}

std::optional<int> Process::wait_for(Millis time, std::stop_token stop_requested) {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, stop_requested, time, [this] { return state_->status.has_value(); });
  return state_->status;
}

int Process::stop(Millis grace) {
  if (const auto ended = poll()) return *ended;
  state_->signal(grace.count() > 0 ? SIGTERM : SIGKILL);
  std::unique_lock lock(state_->mutex);
  const auto ended = [this] { return state_->status.has_value(); };
  if (!state_->changed.wait_for(lock, grace, ended)) {
    lock.unlock();
    state_->signal(SIGKILL);
    lock.lock();
    state_->changed.wait(lock, ended);
  }
  return *state_->status;
}

Result<ProcessOutput> run_process(const std::vector<std::string>& argv, const std::filesystem::path& folder,
                                  std::uint64_t max_bytes) {
  ProcessOutput output;
  const auto collect = [max_bytes](std::string& into) {
    return [&into, max_bytes, cut = false](std::string_view chunk) mutable {
      const std::size_t room = max_bytes - std::min<std::uint64_t>(max_bytes, into.size());
      if (cut) return;
      into += chunk.substr(0, room);
      cut = chunk.size() > room;
      if (cut) into += fmt::format("\n… [output cut at {} bytes]\n", max_bytes);
    };
  };
  ProcessSpec spec;
  spec.argv = argv;
  spec.folder = folder;
  auto process = Process::start_raw(std::move(spec), collect(output.out), collect(output.err));
  if (!process) return tl::unexpected(process.error());
  output.status = (*process)->wait();
  return output;
}

Result<ProcessOutput> run_limited(ProcessSpec spec, const RunLimits& limits, std::stop_token stop_requested) {
  ProcessOutput output;
  std::stop_source finished;  // requested by whichever comes first: too much output, or the caller
  const std::stop_callback forward(stop_requested, [&] { finished.request_stop(); });
  std::atomic<bool> flooded{false};
  const auto collect = [&](std::string& into) {
    return [&](std::string_view chunk) {
      if (flooded) return;
      if (chunk.size() > limits.output_bytes - into.size()) {
        flooded = true;
        finished.request_stop();
        return;
      }
      into += chunk;
    };
  };
  const std::string program = spec.argv.empty() ? std::string() : spec.argv.front();
  spec.limits = {limits.memory_bytes, limits.cpu_seconds, limits.file_bytes};
  spec.alone = true;
  auto process = Process::start_raw(std::move(spec), collect(output.out), collect(output.err));
  if (!process) return tl::unexpected(process.error());
  // A day is as good as for ever, and does not overflow the clock.
  constexpr Millis for_ever = std::chrono::hours(24);
  const auto ended = (*process)->wait_for(limits.time.count() > 0 ? limits.time : for_ever, finished.get_token());
  output.status = ended ? *ended : (*process)->stop(Millis{0});
  if (flooded) {
    return fail(ErrorKind::limit, tr("The program printed more than {} bytes", limits.output_bytes), program);
  }
  if (!ended && stop_requested.stop_requested()) return fail(ErrorKind::cancelled, tr("Stopped"), program);
  if (!ended) {
    return fail(ErrorKind::limit,
                tr("The program did not end within {} s", static_cast<double>(limits.time.count()) / 1000), program);
  }
  if (limits.cpu_seconds > 0 && output.status == 128 + SIGXCPU) {
    return fail(ErrorKind::limit, tr("The program used more than {} s of processor time", limits.cpu_seconds), program);
  }
  return output;
}

}  // namespace twin
