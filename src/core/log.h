// Log lines to stderr and, once a run is open, to its log file. Never to stdout: that belongs to results.
#pragma once

#include <fmt/core.h>

#include <filesystem>
#include <string_view>

namespace twin::log {

enum class Level { debug, info, warn, error, off };

/// Lowest level printed on stderr (default: warn; `-v` info, `-vv` debug).
void set_level(Level level);
/// Also writes every line, with time and level, to this file (append). An empty path stops that.
void set_file(const std::filesystem::path& path);
/// One line; thread-safe; steps around a progress bar.
void write(Level level, std::string_view line);

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::warn, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace twin::log
