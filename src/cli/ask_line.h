// Questions to a person at the terminal.
#pragma once

#include <string>

namespace twin::cli {

/// Writes the question to standard error and reads one line of standard input, without the spaces around it; empty at
/// its end, too.
[[nodiscard]] std::string ask_line(const std::string& question);

}  // namespace twin::cli
