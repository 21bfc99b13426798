// Builds the Markdown of one paragraph, heading or table cell from a run of inline content.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace twin::feature {

/// Collects text and inline elements in order, collapses white space as HTML does, and writes Markdown whose emphasis
/// parses back: markers move outside the white space, and are left out where CommonMark would not read them as
/// emphasis (as between punctuation and a Korean particle).
class InlineMarkdown {
 public:
  void text(std::string_view text);
  void code(std::string_view text);
  /// Finished Markdown: a link, an image, a footnote reference.
  void raw(std::string markdown);
  void line_break();
  /// Emphasis: "*", "**" or "~~". Nested uses of the same marker are ignored.
  void open(std::string_view marker);
  void close(std::string_view marker);

  [[nodiscard]] bool empty() const;
  /// Whether the last thing was a line break: two in a row end a paragraph.
  [[nodiscard]] bool ends_with_break() const;
  /// The Markdown without white space at either end; line breaks become `\` and a new line, or a space when `one_line`.
  /// The builder is empty afterwards, except for the open markers, which open again.
  [[nodiscard]] std::string take(bool one_line = false);

 private:
  enum class Kind { text, code, raw, line_break, open, close, dropped };
  struct Token {
    Kind kind;
    std::string value;
  };
  void close_token(std::string_view marker);
  void trim_ends();
  void drop_unreadable_emphasis();
  [[nodiscard]] char32_t neighbour(std::size_t index, int direction) const;

  std::vector<Token> tokens_;
  std::vector<std::string> open_;
};

}  // namespace twin::feature
