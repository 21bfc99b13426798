// What a model answered while it was trained, for people.
#pragma once

#include <cstdint>
#include <string>

namespace twin::cli {

/// A text as one line of at most 160 terminal columns; --json has all of it.
[[nodiscard]] std::string on_one_line(const std::string& text);
/// Two columns: what said it, and what was said.
[[nodiscard]] std::string said_line(const std::string& who, const std::string& text);
/// said_line() of the model behind a step; an answer that did not end has dots.
[[nodiscard]] std::string answer_line(std::int64_t step, const std::string& answer, bool ended);

}  // namespace twin::cli
