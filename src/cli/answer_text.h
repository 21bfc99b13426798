// An answer as the terminal shows it.
#pragma once

#include <string>

#include "inference/assistant.h"

namespace twin::cli {

/// The list of sources, one a line: "[1] Title, url".
[[nodiscard]] std::string citation_list(const inference::Answer& answer);
/// Says that the corpus does not seem to answer, with a line end; empty where it does, or where the answer itself says
/// so.
[[nodiscard]] std::string coverage_note(const inference::Answer& answer);
/// Answer::prompt, message by message.
[[nodiscard]] std::string prompt_text(const inference::Answer& answer);
/// Answer, sources, timing.
[[nodiscard]] std::string answer_text(const inference::Answer& answer);

}  // namespace twin::cli
