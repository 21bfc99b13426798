#include "core/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "core/clock.h"
#include "core/secrets.h"
#include "core/terminal.h"

namespace twin::log {

namespace {

std::atomic<Level> lowest{Level::warn};

struct LogFile {
  std::mutex mutex;
  int fd = -1;
};

/// Never destroyed: threads may still log while the program exits.
LogFile& log_file() {
  static auto* file = new LogFile;
  return *file;
}

std::string_view name(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warning";
    default:
      return "error";
  }
}

/// One line per message: foreign text (a page title, a worker's output) must not forge lines or move the cursor.
std::string one_line(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (const char c : text) {
    if (c == '\n') {
      clean += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 && c != '\t') {
      clean += ' ';
    } else {
      clean += c;
    }
  }
  return clean;
}

}  // namespace

void set_level(Level level) {
  lowest = level;
}

void set_file(const std::filesystem::path& path) {
  LogFile& file = log_file();
  const std::scoped_lock lock(file.mutex);
  if (file.fd >= 0) ::close(file.fd);
  file.fd = -1;
  if (path.empty()) return;
  std::error_code ignored;
  std::filesystem::create_directories(path.parent_path(), ignored);
  file.fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file.fd < 0) {
    Terminal::instance().line(fmt::format("twin: warning: {}: {}", path.string(), std::strerror(errno)));
  }
}

// Weak: see translated() in core/i18n.cpp.
[[gnu::weak]] void write(Level level, std::string_view line) {
  if (level == Level::off) return;
  const std::string text = redact(one_line(line));
  if (level >= lowest.load()) Terminal::instance().line(fmt::format("twin: {}: {}", name(level), text));
  LogFile& file = log_file();
  const std::scoped_lock lock(file.mutex);
  if (file.fd < 0) return;
  const std::string entry = fmt::format("{} {} {}\n", format_time(system_clock().now()), name(level), text);
  // A full disk must not stop the run for a log line's sake; stderr has it.
  [[maybe_unused]] const ssize_t written = ::write(file.fd, entry.data(), entry.size());
}

}  // namespace twin::log
