#include "core/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "core/secrets.h"

namespace twin {

namespace {

/// One write() per change, so that lines of parent and child do not mix inside.
void put(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody reads stderr: nothing to be done
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

Terminal& Terminal::instance() {
  static Terminal terminal;
  return terminal;
}

bool Terminal::is_tty() {
  return ::isatty(STDERR_FILENO) == 1;
}

int Terminal::columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void Terminal::erase(std::string& out) const {
  for (std::size_t i = 0; i < drawn_; ++i) out += "\x1b[1A\x1b[2K";  // up one row, clear it
}

void Terminal::draw(std::string& out) {
  for (const auto& [row, text] : rows_) out += text + "\n";
  drawn_ = rows_.size();
}

void Terminal::line(std::string_view text) {
  const std::scoped_lock lock(mutex_);
  std::string out;
  erase(out);
  out += redact(std::string(text));
  out += '\n';
  draw(out);
  put(out);
}

void Terminal::status(std::uint64_t row, std::string text) {
  const std::scoped_lock lock(mutex_);
  std::string out;
  erase(out);
  if (text.empty()) {
    rows_.erase(row);
  } else {
    rows_[row] = redact(std::move(text));
  }
  draw(out);
  put(out);
}

}  // namespace twin
