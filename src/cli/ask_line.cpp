#include "cli/ask_line.h"

#include <iostream>

#include "core/text/unicode.h"

namespace twin::cli {

std::string ask_line(const std::string& question) {
  std::cerr << question << std::flush;
  std::string line;
  std::getline(std::cin, line);
  return std::string(text::trim(line));
}

}  // namespace twin::cli
