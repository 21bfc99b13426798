// Lines of a page → running text: what a typesetter broke is joined again, in Korean and English.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace twin::feature {

/// Words of a document as they stand inside lines, where no line end cut them.
class Vocabulary {
 public:
  /// Counts the words of a line but the first and the last, which may be parts.
  void add_line(std::string_view line);
  [[nodiscard]] bool has(const std::string& word) const { return words_.contains(word); }
  /// Whether a known word begins so; the prefixes of words that contain Hangul are kept, since particles follow them.
  [[nodiscard]] bool begins(const std::string& prefix) const { return stems_.contains(prefix); }

 private:
  void add(const std::string& word);
  std::unordered_map<std::string, int> words_, stems_;
};

/// The lines of one paragraph as one text. English: a hyphen at the end of a line goes when the word is not known with
/// it; other lines are joined by a space. Korean: a word cut by the line end is joined without a space when the
/// document has it elsewhere, or when the next line begins with a particle or an ending; else the end of a line is the
/// end of a word.
[[nodiscard]] std::string join_lines(const std::vector<std::string>& lines, const Vocabulary& vocabulary);

}  // namespace twin::feature
