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

namespace twin {

struct ProcessSpec {
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;  ///< added to the parent's
  bool own_environment = false;                    ///< the child gets `environment` alone, nothing of the parent's
  std::filesystem::path folder;                    ///< empty: the parent's
  std::string stdin_text;                          ///< what the child reads on stdin; empty: nothing (/dev/null)
  std::filesystem::path log;                       ///< stdout and stderr are appended here when set
  std::size_t max_line_bytes = 1 << 20;            ///< a longer line is cut, with a note at its end
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
  /// SIGTERM, then SIGKILL after the grace time. Returns the exit status.
  int stop(Millis grace = Millis{5'000});

 private:
  struct State;
  explicit Process(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
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
