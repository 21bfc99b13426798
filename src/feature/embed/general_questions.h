// Questions about anything, in several languages.
#pragma once

#include <string>
#include <vector>

namespace twin::feature {

/// Bump when a question changes: what was measured with them is measured anew.
inline constexpr int general_questions_version = 1;

struct GeneralQuestion {
  std::string language;  ///< ISO 639-1
  std::string text;
  std::string reworded;  ///< the same in other words
};

/// As many of each language, the same ones in each, in the forms that people type: questions, wishes, notes.
[[nodiscard]] const std::vector<GeneralQuestion>& general_questions();

}  // namespace twin::feature
