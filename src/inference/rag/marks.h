// Citation marks in text: "[1]", "[1, 3]", "[2][4]".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/text/sentences.h"

namespace twin::inference {

struct Mark {
  std::size_t offset = 0;  ///< where it stood, in bytes of the text without marks
  std::vector<int> numbers;
};

struct Unmarked {
  std::string text;
  std::vector<Mark> marks;  ///< in order of offset
};

/// Removes every mark with the blanks before it. Code (fenced or inline), Markdown links ("[1](url)") and indexing
/// glued to a word in code stay as they are.
[[nodiscard]] Unmarked take_marks(std::string_view text);

/// Whether a mark may be put behind this sentence: not within code, and not behind a Markdown heading or a line
/// that only leads in what follows ("…:").
[[nodiscard]] bool markable(std::string_view text, const text::Span& sentence);

}  // namespace twin::inference
