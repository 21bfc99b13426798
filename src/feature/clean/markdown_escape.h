// Text as Markdown that reads the same.
#pragma once

#include <string>
#include <string_view>

namespace twin::feature {

/// Escapes what CommonMark (0.30) would take for markup in running text, and no more: "snake_case", "C#" and "[1]" stay
/// as they are. `next` is the character that will follow (0: none).
[[nodiscard]] std::string escape_markdown(std::string_view text, char next = 0);

/// Escapes what would open a block at the beginning of a line: "# ", "- ", "1. ", "> ", "```" …
[[nodiscard]] std::string escape_line_starts(std::string_view paragraph);

/// `text` between enough backticks.
[[nodiscard]] std::string code_span(std::string_view text);

/// A link or image destination; in angle brackets where it must be.
[[nodiscard]] std::string link_destination(std::string_view url);

/// Runs of ASCII white space as one space, as HTML shows them.
[[nodiscard]] std::string collapse_spaces(std::string_view text);

}  // namespace twin::feature
