// A command of `twin`: one .cpp in cli/commands. commands.cpp lists them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/options.h"

namespace twin::cli {

class Session;

class Command {
 public:
  virtual ~Command() = default;
  /// One word, or two for a command of a group: "docs list".
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual std::string description() const = 0;
  virtual void declare(Options& options) { static_cast<void>(options); }
  /// Returns the exit code (core/result.h). Throws Fatal.
  virtual int run(Session& session) = 0;
};

/// All commands, in the order of --help. Two-word groups are described in commands.cpp.
[[nodiscard]] std::vector<std::unique_ptr<Command>> all_commands();

}  // namespace twin::cli
