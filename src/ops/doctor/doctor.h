// The checks of `twin doctor`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ops/project/project.h"

namespace twin::ops {

enum class CheckState { good, warning, problem };
std::string_view to_string(CheckState state);

struct Check {
  std::string name;
  CheckState state = CheckState::good;
  std::string detail;  ///< what was found
  std::string advice;  ///< what to do; empty when good
};

/// One line for people: mark, name, detail, advice.
[[nodiscard]] std::string to_line(const Check& check);

/// Machine (memory, cores, vector instructions), programs, free disk, models, port of the server, secrets' permissions.
[[nodiscard]] std::vector<Check> run_doctor(Project& project);

}  // namespace twin::ops
