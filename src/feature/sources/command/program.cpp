#include "feature/sources/command/program.h"

namespace twin::feature::command {
namespace {

constexpr std::uint64_t queue_bytes = 8 << 20;

}  // namespace

Program::Program(const ProgramLimits& limits)
    : limits_(limits), deadline_(std::chrono::steady_clock::now() + limits.max_time) {}

Result<std::unique_ptr<Program>> Program::start(ProcessSpec spec, const ProgramLimits& limits,
                                                std::function<void(std::string_view)> on_stderr) {
  std::unique_ptr<Program> program(new Program(limits));
  auto* raw = program.get();
  // stderr in lines, stdout in bytes: the size of a line is checked before it is kept.
  auto partial = std::make_shared<std::string>();
  const auto stderr_lines = [partial, on_stderr = std::move(on_stderr)](std::string_view bytes) {
    constexpr std::size_t longest = 4096;
    for (const char c : bytes) {
      if (c != '\n') {
        if (partial->size() < longest) *partial += c;
        continue;
      }
      on_stderr(*partial);
      partial->clear();
    }
  };
  auto process = Process::start_raw(
      std::move(spec), [raw](std::string_view bytes) { raw->feed(bytes); }, stderr_lines);
  if (!process) return tl::unexpected(process.error());
  raw->process_ = std::move(*process);
  raw->waiter_ = std::thread([raw] {
    raw->process_->wait();
    raw->push();  // a last line without an end
    const std::scoped_lock lock(raw->mutex_);
    raw->ended_ = true;
    raw->changed_.notify_all();
  });
  return program;
}

Program::~Program() {
  finish();
}

int Program::finish() {
  if (process_ == nullptr) return 0;
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  const int status = process_->stop();
  if (waiter_.joinable()) waiter_.join();
  return status;
}

/// From the reader thread of the process.
void Program::feed(std::string_view bytes) {
  bytes_ += bytes.size();
  if (bytes_ > limits_.max_bytes) {
    const std::scoped_lock lock(mutex_);
    too_much_ = true;
    changed_.notify_all();
    return;
  }
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const auto part = bytes.substr(0, end);
    if (current_.text.size() + part.size() > limits_.max_line_bytes) {
      current_.too_long = true;
      current_.text.clear();
    }
    if (!current_.too_long) current_.text += part;
    if (end == std::string_view::npos) return;
    current_.text += '\n';  // marks an empty line as one
    push();
    bytes.remove_prefix(end + 1);
  }
}

void Program::push() {
  if (current_.text.empty() && !current_.too_long) return;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closed_ || queued_ < queue_bytes; });
  Line line = std::move(current_);
  current_ = {.text = {}, .number = line.number, .too_long = false};
  if (closed_) return;
  while (!line.text.empty() && (line.text.back() == '\n' || line.text.back() == '\r')) line.text.pop_back();
  line.number = ++current_.number;
  queued_ += line.text.size() + sizeof(Line);
  lines_.push_back(std::move(line));
  changed_.notify_all();
}

Program::Got Program::next(Line& line, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, stop, deadline_, [this] { return !lines_.empty() || ended_ || too_much_; });
  if (stop.stop_requested()) return Got::stopped;
  if (!lines_.empty()) {
    line = std::move(lines_.front());
    lines_.pop_front();
    queued_ -= line.text.size() + sizeof(Line);
    changed_.notify_all();
    return Got::line;
  }
  if (too_much_) return Got::too_much;
  return ended_ ? Got::end : Got::out_of_time;
}

}  // namespace twin::feature::command
