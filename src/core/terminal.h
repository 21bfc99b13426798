// The one owner of stderr: log lines and progress bars take turns on it.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace twin {

/// Lines scroll up; the status (bars, one per line) stays at the bottom. Thread-safe.
class Terminal {
 public:
  /// stderr of this process.
  static Terminal& instance();

  /// Writes one line above the status.
  void line(std::string_view text);
  /// Sets one row of the status; an empty text removes it. Only for a real terminal.
  void status(std::uint64_t row, std::string text);
  [[nodiscard]] static bool is_tty();
  /// Columns of the terminal; 80 when unknown.
  [[nodiscard]] static int columns();

 private:
  void erase(std::string& out) const;
  void draw(std::string& out);

  std::mutex mutex_;
  std::map<std::uint64_t, std::string> rows_;
  std::size_t drawn_ = 0;
};

}  // namespace twin
