// Progress as the user sees it: a bar on a terminal, plain lines elsewhere, JSON lines with --json.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/json.h"

namespace twin {

/// One task's progress. Thread-safe. Destruction ends the bar.
class Progress {
 public:
  virtual ~Progress() = default;
  /// Total may be 0 (unknown) and may grow.
  virtual void total(std::uint64_t total) = 0;
  virtual void add(std::uint64_t done = 1) = 0;
  /// Short text beside the bar: the current item, tokens/s, loss …
  virtual void note(std::string_view text) = 0;
};

/// Where progress goes; made once by the command, handed down by reference.
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  /// `unit` in the plural: "documents", "chunks", "steps".
  [[nodiscard]] virtual std::unique_ptr<Progress> start(std::string_view task, std::string_view unit) = 0;
  /// Whether event() goes anywhere: making an event costs time.
  [[nodiscard]] virtual bool wants_events() const { return false; }
  /// Something happened: an object whose "event" names it, one line of --json. Other styles have no use for it.
  virtual void event(const Json& event) { static_cast<void>(event); }
};

enum class ProgressStyle { automatic, bar, lines, json, silent };
[[nodiscard]] std::unique_ptr<ProgressSink> make_progress(ProgressStyle style);
/// For tests and library use.
ProgressSink& silent_progress();

}  // namespace twin
