#include "inference/rag/marks.h"

#include <charconv>
#include <optional>

namespace twin::inference {
namespace {

constexpr int max_mark = 99;  // larger numbers in brackets are years or quantities

/// Parses "[1]" or "[1, 2]" at `at`; returns the offset behind it.
std::optional<std::size_t> parse_mark(std::string_view text, std::size_t at, std::vector<int>& numbers) {
  numbers.clear();
  std::size_t i = at + 1;
  while (i < text.size()) {
    while (i < text.size() && text[i] == ' ') ++i;
    int number = 0;
    const auto [end, error] = std::from_chars(text.data() + i, text.data() + text.size(), number);
    if (error != std::errc{} || number < 0 || number > max_mark) return std::nullopt;
    numbers.push_back(number);
    i = static_cast<std::size_t>(end - text.data());
    if (i < text.size() && text[i] == ',') {
      ++i;
      continue;
    }
    if (i >= text.size() || text[i] != ']') return std::nullopt;
    if (i + 1 < text.size() && (text[i + 1] == '(' || text[i + 1] == ':')) return std::nullopt;  // a Markdown link
    return i + 1;
  }
  return std::nullopt;
}

/// The end of the code that starts at `at` with backticks: behind the closing run of the same length, or `at` behind
/// the opening run when nothing closes it. An unclosed fence reaches to the end of the text.
std::size_t code_end(std::string_view text, std::size_t at) {
  std::size_t run = at;
  while (run < text.size() && text[run] == '`') ++run;
  const std::string_view ticks = text.substr(at, run - at);
  const std::size_t close = text.find(ticks, run);
  if (close != std::string_view::npos) return close + ticks.size();
  return ticks.size() >= 3 ? text.size() : run;
}

}  // namespace

Unmarked take_marks(std::string_view text) {
  Unmarked out;
  out.text.reserve(text.size());
  Mark mark;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '`') {
      const std::size_t end = code_end(text, i);
      out.text.append(text.substr(i, end - i));
      i = end;
    } else if (const auto end = text[i] == '[' ? parse_mark(text, i, mark.numbers) : std::nullopt) {
      while (!out.text.empty() && out.text.back() == ' ') out.text.pop_back();
      mark.offset = out.text.size();
      out.marks.push_back(mark);
      i = *end;
    } else {
      out.text += text[i++];
    }
  }
  return out;
}

bool markable(std::string_view text, const text::Span& sentence) {
  for (std::size_t i = 0; i < sentence.end;) {
    if (text[i] != '`') {
      ++i;
      continue;
    }
    const std::size_t end = code_end(text, i);
    const bool fence = text.substr(i).starts_with("```");
    if (sentence.end > i && sentence.end < end) return false;
    if (fence && sentence.start < end && sentence.end > i) return false;
    i = end;
  }
  return text[sentence.start] != '#' && text[sentence.end - 1] != ':';
}

}  // namespace twin::inference
