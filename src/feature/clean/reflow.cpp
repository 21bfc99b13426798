#include "feature/clean/reflow.h"

#include <algorithm>
#include <array>

#include "core/text/unicode.h"

namespace twin::feature {
namespace {

/// Longer "words" are rules and noise.
constexpr std::size_t longest_word = 120;

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> out;
  for (const auto word : text::split(line, ' ')) {
    if (!word.empty() && word.size() <= longest_word) out.emplace_back(word);
  }
  return out;
}

/// A word without the punctuation around it.
std::string bare(const std::string& word) {
  const auto points = text::codepoints(word);
  std::size_t first = 0, last = points.size();
  const auto inner = [&](std::size_t i) { return text::is_letter(points[i].value) || text::is_digit(points[i].value); };
  while (first < last && !inner(first)) ++first;
  while (last > first && !inner(last - 1)) --last;
  if (first == last) return {};
  return word.substr(points[first].offset, points[last - 1].offset + points[last - 1].length - points[first].offset);
}

char32_t last_character(std::string_view text) {
  std::size_t at = text.size();
  while (at > 0 && (static_cast<unsigned char>(text[--at]) & 0xC0) == 0x80) continue;
  const auto points = text::codepoints(text.substr(at));
  return points.empty() ? 0 : points.front().value;
}

char32_t first_character(std::string_view text) {
  const auto points = text::codepoints(text::clip(text, 4));
  return points.empty() ? 0 : points.front().value;
}

/// Particles and endings that never begin a sentence part of their own: a line that begins with one goes on a word.
bool continues_a_word(const std::string& word) {
  static constexpr std::array<std::string_view, 46> endings = {
      "은",     "는",   "을",     "를",   "이",   "가",   "의",   "에",   "에서", "에게", "으로", "로",
      "와",     "과",   "도",     "만",   "까지", "부터", "보다", "처럼", "이나", "라도", "마다", "조차",
      "밖에",   "이라", "라는",   "이며", "하며", "하여", "하고", "했다", "한다", "된다", "됐다", "되어",
      "습니다", "니다", "입니다", "이다", "었다", "았다", "였다", "는데", "지만", "면서"};
  const std::string plain = bare(word);
  return std::find(endings.begin(), endings.end(), plain) != endings.end();
}

/// Joins the end of one line with the beginning of the next.
bool join_without_space(const std::string& before, const std::string& after, const Vocabulary& vocabulary) {
  const char32_t last = last_character(before), first = first_character(after);
  if (text::is_cjk(last) && text::is_cjk(first)) return true;  // Chinese and Japanese have no spaces
  if (!text::is_hangul(last) || !text::is_hangul(first)) return false;
  const std::string left = bare(before), right = bare(after), whole = left + right;
  if (vocabulary.has(whole)) return true;
  if (vocabulary.has(left) && vocabulary.has(right)) return false;
  // "이" and "가" are words too ("이 글"): only what can be nothing else counts when the left part is a word itself.
  const bool short_particle = right.size() <= 3;
  if (continues_a_word(after) && (!short_particle || !vocabulary.has(left))) return true;
  return !vocabulary.has(left) && vocabulary.begins(whole);
}

}  // namespace

void Vocabulary::add(const std::string& word) {
  ++words_[word];
  if (!text::is_hangul(first_character(word))) return;
  for (const auto& point : text::codepoints(word)) {
    if (point.offset > 3) ++stems_[word.substr(0, point.offset)];  // of two syllables at least
  }
}

void Vocabulary::add_line(std::string_view line) {
  const auto words = words_of(line);
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    if (const std::string word = bare(words[i]); !word.empty()) add(word);
  }
}

std::string join_lines(const std::vector<std::string>& lines, const Vocabulary& vocabulary) {
  std::string out;
  for (const auto& raw : lines) {
    const std::string line(text::trim(raw));
    if (line.empty()) continue;
    if (out.empty()) {
      out = line;
      continue;
    }
    const std::size_t space = out.find_last_of(' ');
    const std::string before = out.substr(space == std::string::npos ? 0 : space + 1);
    const std::string after = line.substr(0, line.find(' '));
    const bool soft = out.ends_with("\u00ad");
    const bool hyphen = soft || out.ends_with('-') || out.ends_with("\u2010");
    const std::size_t width = out.ends_with('-') ? 1 : soft ? 2 : 3;
    const bool letter_before =
        hyphen && before.size() > width && text::is_letter(last_character(before.substr(0, before.size() - width)));
    if (letter_before && text::is_lower(first_character(after)) && !before.starts_with('-')) {
      const std::string left = before.substr(0, before.size() - width);
      const std::string with = bare(left + "-" + after), without = bare(left + after);
      const bool keep = !soft && vocabulary.has(with) && !vocabulary.has(without);
      if (!keep) out.erase(out.size() - width);
      out += line;
    } else if (letter_before && !soft && text::is_letter(first_character(after)) &&
               vocabulary.has(bare(before + after))) {
      out += line;
    } else {
      if (!join_without_space(before, after, vocabulary)) out += ' ';
      out += line;
    }
  }
  return out;
}

}  // namespace twin::feature
