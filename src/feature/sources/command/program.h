// A program whose output is read line by line, within limits of time and size.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "core/process.h"

namespace twin::feature::command {

struct ProgramLimits {
  std::uint64_t max_line_bytes = 16 << 20;
  std::uint64_t max_bytes = 4ull << 30;  ///< of all output
  std::chrono::seconds max_time{3600};
};

struct Line {
  std::string text;  ///< empty when too_long
  std::int64_t number = 0;
  bool too_long = false;
};

/// A running program. Its lines wait in a queue of limited size: a program that writes faster than its lines are used
/// is held up by its pipe, so that memory stays small.
class Program {
 public:
  /// `spec`: argv, environment and folder; `on_stderr` gets each line of stderr, from another thread.
  [[nodiscard]] static Result<std::unique_ptr<Program>> start(ProcessSpec spec, const ProgramLimits& limits,
                                                              std::function<void(std::string_view)> on_stderr);
  /// Ends the program when it still runs.
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  enum class Got { line, end, out_of_time, too_much, stopped };
  /// The next line, or why there is none.
  [[nodiscard]] Got next(Line& line, std::stop_token stop);
  /// Exit status; ends the program when it still runs.
  int finish();

 private:
  explicit Program(const ProgramLimits& limits);
  void feed(std::string_view bytes);
  void push();

  ProgramLimits limits_;
  std::chrono::steady_clock::time_point deadline_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Line> lines_;    ///< under mutex_, as all below
  std::uint64_t queued_ = 0;  ///< bytes
  bool ended_ = false;        ///< no line comes any more
  bool closed_ = false;       ///< no line is wanted any more
  bool too_much_ = false;
  Line current_;             ///< of the reader thread alone
  std::uint64_t bytes_ = 0;  ///< of the reader thread alone
  std::unique_ptr<Process> process_;
  std::thread waiter_;
};

}  // namespace twin::feature::command
