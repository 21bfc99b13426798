// Child processes: the workers, twin-train, git and pip.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "core/spawn.h"

namespace twin {

struct ProcessSpec {
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;  ///< added to the parent's
  bool own_environment = false;                    ///< the child gets `environment` alone, nothing of the parent's
  std::filesystem::path folder;                    ///< empty: the parent's
  std::string stdin_text;                          ///< what the child reads on stdin; empty: nothing (/dev/null)
  int stdin_fd = -1;                               ///< what it reads instead, e.g. a pipe; stays the caller's to close
  std::filesystem::path log;                       ///< stdout and stderr are appended here when set
  std::size_t max_line_bytes = 1 << 20;            ///< a longer line is cut, with a note at its end
  SpawnLimits limits = {};                         ///< set by the kernel
  bool alone = false;                              ///< what is left of its process group is killed when it ends
  /// With no log: called for each line of stdout / stderr (without its end), from a thread of the process object.
  /// All lines are delivered before wait() returns. Must not call stop() or wait() of its own process.
  std::function<void(std::string_view line)> on_stdout;
  std::function<void(std::string_view line)> on_stderr;
};

/// A running child, in a session of its own (Ctrl-C reaches only the parent, which stops its children in order).
/// The kernel kills it when the parent dies (PR_SET_PDEATHSIG); the destructor stops and reaps it. Thread-safe.
class Process {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Process>> start(ProcessSpec spec);
  /// The same, with the bytes as they come instead of lines.
  [[nodiscard]] static Result<std::unique_ptr<Process>> start_raw(ProcessSpec spec,
                                                                  std::function<void(std::string_view)> on_stdout,
                                                                  std::function<void(std::string_view)> on_stderr);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] pid_t pid() const;
  /// Exit status (128 + signal when killed) once it ended, without waiting.
  [[nodiscard]] std::optional<int> poll();
  /// Waits for the end; asks it to stop (SIGTERM, then SIGKILL) when `stop` is requested.
  int wait(std::stop_token stop = {});
  /// Waits so long, or until stop is requested; nullopt when it still runs.
  [[nodiscard]] std::optional<int> wait_for(Millis time, std::stop_token stop = {});
  /// SIGTERM, then SIGKILL after the grace time (zero: SIGKILL at once). Returns the exit status.
  int stop(Millis grace = Millis{5'000});

 private:
  struct State;
  explicit Process(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What run_limited() holds a foreign program to. Zero: no limit, except for the output.
struct RunLimits {
  Millis time{0};                            ///< wall clock
  std::uint64_t memory_bytes = 0;            ///< address space (RLIMIT_AS): allocations beyond it fail in the program
  std::uint64_t cpu_seconds = 0;             ///< processor time (RLIMIT_CPU)
  std::uint64_t file_bytes = 0;              ///< of a file that it writes (RLIMIT_FSIZE)
  std::uint64_t output_bytes = 64ull << 20;  ///< of stdout, and of stderr
};

struct ProcessOutput {
  int status = 0;
  std::string out;
  std::string err;
};
/// Runs to the end and collects both streams (each cut at max_bytes with a note).
[[nodiscard]] Result<ProcessOutput> run_process(const std::vector<std::string>& argv,
                                                const std::filesystem::path& folder = {},
                                                std::uint64_t max_bytes = 64ull << 20);

/// Runs a foreign program over foreign data: argv, environment, folder and stdin_text of `spec`. It inherits no
/// descriptor but its three streams, and whatever is left of its process group is killed when it ends. A program that
/// breaks the time, processor or output limit is killed at once: ErrorKind::limit that names the limit. One that is
/// denied memory says so in its own way, by its status. A request to stop is ErrorKind::cancelled.
[[nodiscard]] Result<ProcessOutput> run_limited(ProcessSpec spec, const RunLimits& limits, std::stop_token stop = {});

/// The folder of the running program.
[[nodiscard]] std::filesystem::path program_folder();
/// Finds a program of Twin's own (llama-server, twin-train …): beside the running one, in ../lib/twin, then in PATH.
[[nodiscard]] Result<std::filesystem::path> find_program(std::string_view name);
/// Finds a data folder of Twin's own (categories, pipelines, prompts): $TWIN_SHARE, ../share/twin, then (development
/// builds) the source tree.
[[nodiscard]] Result<std::filesystem::path> find_data(std::string_view relative);
/// A TCP port on 127.0.0.1 that is free now.
[[nodiscard]] Result<int> free_port();

}  // namespace twin
