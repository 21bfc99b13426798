// An answer as the terminal shows it.
#pragma once

#include <string>

#include "inference/assistant.h"

namespace twin::cli {

/// The list of sources, one a line: "[1] Title, url".
[[nodiscard]] std::string citation_list(const inference::Answer& answer);
/// Answer, sources, timing.
[[nodiscard]] std::string answer_text(const inference::Answer& answer);

}  // namespace twin::cli
