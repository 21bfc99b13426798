#include "core/progress.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/json.h"
#include "core/terminal.h"
#include "core/text/unicode.h"

namespace twin {

namespace {

constexpr double kBarSeconds = 0.1;   // between two drawings
constexpr double kLineSeconds = 5.0;  // between two lines; a tenth of the work also gives one
constexpr double kLineMinSeconds = 1.0;
constexpr double kJsonSeconds = 0.5;

std::string seconds_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds);
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02} h", whole / 3600, whole / 60 % 60);
}

struct Snapshot {
  std::string task, unit, note;
  std::uint64_t done = 0, total = 0;
  double seconds = 0;

  [[nodiscard]] double rate() const { return seconds > 0 ? static_cast<double>(done) / seconds : 0.0; }
  /// Seconds left; negative when unknown.
  [[nodiscard]] double left() const {
    return total > done && done > 0 && rate() > 0 ? static_cast<double>(total - done) / rate() : -1.0;
  }
  [[nodiscard]] int percent() const {
    return total == 0 ? 0 : static_cast<int>(std::min<std::uint64_t>(100, done * 100 / total));
  }
  [[nodiscard]] std::string count() const {
    return total == 0 ? fmt::format("{} {}", done, unit) : fmt::format("{}/{} {}", done, total, unit);
  }
  /// "12/40 documents  30 %  3.1/s  9 s left  note"
  [[nodiscard]] std::string details() const {
    std::string text = count();
    if (total > 0) text += fmt::format("  {} %", percent());
    if (done > 0 && seconds >= 1) text += fmt::format("  {:.{}f}/s", rate(), rate() < 10 ? 1 : 0);
    if (left() >= 0 && seconds >= 1) text += "  " + tr("{} left", seconds_text(left()));
    if (!note.empty()) text += "  " + note;
    return text;
  }
  [[nodiscard]] std::string last_line() const {
    std::string text = tr("{}: {} in {}", task, count(), seconds_text(seconds));
    if (!note.empty()) text += "  " + note;
    return text;
  }
};

/// Keeps the numbers; a style decides when and how they are shown.
class Task : public Progress {
 public:
  Task(std::string_view task, std::string_view unit) : started_(system_clock().monotonic()) {
    state_.task = task;
    state_.unit = unit;
  }
  void total(std::uint64_t total) final {
    const std::scoped_lock lock(mutex_);
    state_.total = total;
    changed();
  }
  void add(std::uint64_t done) final {
    const std::scoped_lock lock(mutex_);
    state_.done += done;
    changed();
  }
  void note(std::string_view text) final {
    const std::scoped_lock lock(mutex_);
    state_.note = text::trim(text.substr(0, text.find('\n')));
    changed();
  }

 protected:
  virtual void show(const Snapshot& now) = 0;
  [[nodiscard]] virtual bool due(const Snapshot& now, const Snapshot& shown) const = 0;

  [[nodiscard]] Snapshot now() const {
    Snapshot copy = state_;
    copy.seconds = system_clock().monotonic() - started_;
    return copy;
  }

 private:
  void changed() {
    Snapshot current = now();
    if (!due(current, shown_)) return;
    show(current);
    shown_ = std::move(current);
  }

  std::mutex mutex_;
  Snapshot state_, shown_;
  double started_;
};

class BarTask final : public Task {
 public:
  using Task::Task;
  ~BarTask() override {
    Terminal::instance().status(row_, {});
    Terminal::instance().line(now().last_line());
  }

 private:
  [[nodiscard]] bool due(const Snapshot& now, const Snapshot& shown) const override {
    return shown.seconds == 0 || now.seconds - shown.seconds >= kBarSeconds;
  }
  void show(const Snapshot& now) override {
    std::string line = now.task + "  ";
    if (now.total > 0) {
      constexpr int kCells = 20;
      for (int i = 0; i < kCells; ++i) line += i * 100 < now.percent() * kCells ? "█" : "░";
      line += "  ";
    }
    Terminal::instance().status(row_, text::clip_columns(line + now.details(), Terminal::columns() - 1));
  }

  static inline std::atomic<std::uint64_t> next_row{0};
  std::uint64_t row_ = next_row++;
};

class LineTask final : public Task {
 public:
  using Task::Task;
  ~LineTask() override { Terminal::instance().line(now().last_line()); }

 private:
  [[nodiscard]] bool due(const Snapshot& now, const Snapshot& shown) const override {
    const double since = now.seconds - shown.seconds;
    const bool tenth = now.total > 0 && now.percent() / 10 > shown.percent() / 10 && now.done < now.total;
    return since >= kLineSeconds || (tenth && since >= kLineMinSeconds);
  }
  void show(const Snapshot& now) override { Terminal::instance().line(now.task + ": " + now.details()); }
};

class JsonTask final : public Task {
 public:
  using Task::Task;
  ~JsonTask() override { emit(now(), "done"); }

 private:
  [[nodiscard]] bool due(const Snapshot& now, const Snapshot& shown) const override {
    return shown.seconds == 0 || now.seconds - shown.seconds >= kJsonSeconds;
  }
  void show(const Snapshot& now) override { emit(now, "progress"); }
  static void emit(const Snapshot& now, std::string_view event) {
    Json line{{"event", event},     {"task", now.task},       {"unit", now.unit}, {"done", now.done},
              {"total", now.total}, {"seconds", now.seconds}, {"note", now.note}};
    Terminal::instance().line(line.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
};

class SilentTask final : public Progress {
 public:
  void total(std::uint64_t /*total*/) override {}
  void add(std::uint64_t /*done*/) override {}
  void note(std::string_view /*text*/) override {}
};

template <class Kind>
class Sink final : public ProgressSink {
 public:
  [[nodiscard]] std::unique_ptr<Progress> start(std::string_view task, std::string_view unit) override {
    return std::make_unique<Kind>(task, unit);
  }
};

class JsonSink final : public ProgressSink {
 public:
  [[nodiscard]] std::unique_ptr<Progress> start(std::string_view task, std::string_view unit) override {
    return std::make_unique<JsonTask>(task, unit);
  }
  [[nodiscard]] bool wants_events() const override { return true; }
  void event(const Json& event) override {
    Terminal::instance().line(event.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
};

class SilentSink final : public ProgressSink {
 public:
  [[nodiscard]] std::unique_ptr<Progress> start(std::string_view /*task*/, std::string_view /*unit*/) override {
    return std::make_unique<SilentTask>();
  }
};

}  // namespace

std::unique_ptr<ProgressSink> make_progress(ProgressStyle style) {
  if (style == ProgressStyle::automatic) style = Terminal::is_tty() ? ProgressStyle::bar : ProgressStyle::lines;
  switch (style) {
    case ProgressStyle::bar:
      return std::make_unique<Sink<BarTask>>();
    case ProgressStyle::lines:
      return std::make_unique<Sink<LineTask>>();
    case ProgressStyle::json:
      return std::make_unique<JsonSink>();
    default:
      return std::make_unique<SilentSink>();
  }
}

ProgressSink& silent_progress() {
  static SilentSink sink;
  return sink;
}

}  // namespace twin
