// The command line into a command and the global flags.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/session.h"

namespace twin::cli {

struct Parsed {
  GlobalFlags flags;
  Command* command = nullptr;
  std::optional<int> exit;  ///< set when there is nothing to run: --help, --version (0), wrong usage (2)
};

/// Prints help and usage errors itself.
[[nodiscard]] Parsed parse(int argc, char** argv, const std::vector<std::unique_ptr<Command>>& commands,
                           const std::map<std::string, std::string>& groups, const std::string& version);

}  // namespace twin::cli
