// Blocks of a PDF → Markdown.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "feature/clean/markdown_blocks.h"
#include "feature/clean/markdown_escape.h"
#include "feature/clean/pdf/page.h"
#include "feature/clean/reflow.h"

namespace twin::feature::pdf {
namespace {

/// Letters larger than the text's by this factor are those of a heading.
constexpr double heading_factor = 1.15;
constexpr std::size_t longest_heading = 160;
constexpr std::size_t most_levels = 4;
/// A line that ends so many letter heights before its block's edge ends a paragraph, if it also ends a sentence.
constexpr double short_by = 2.5;
/// A first line set in by so much of a letter height begins one.
constexpr double indent_by = 0.7;

struct Paragraph {
  std::vector<std::string> lines;
  double size = 0;    ///< height of its letters
  bool open = false;  ///< ends at the edge of its block, in the middle of a sentence
  bool list = false;
};

double rounded(double size) {
  return std::round(size * 2) / 2;
}

bool ends_sentence(std::string_view line) {
  while (!line.empty()) {
    std::size_t at = line.size() - 1;
    while (at > 0 && (static_cast<unsigned char>(line[at]) & 0xC0) == 0x80) --at;
    const auto last = line.substr(at);
    if (last == "\"" || last == "'" || last == ")" || last == "]" || last == "\u201d" || last == "\u2019" ||
        last == "」" || last == "』") {
      line.remove_suffix(last.size());
      continue;
    }
    return last == "." || last == "!" || last == "?" || last == ":" || last == "…" || last == "。" || last == "”";
  }
  return true;
}

/// Length of the marker of a list item, blank included; 0: none.
std::size_t list_marker(std::string_view line) {
  for (const std::string_view bullet : {"• ", "● ", "○ ", "▪ ", "■ ", "◦ ", "– ", "- ", "· ", "‣ ", "* "}) {
    if (line.starts_with(bullet)) return bullet.size();
  }
  const std::size_t digits = std::min(line.find_first_not_of("0123456789"), line.size());
  if (digits >= 1 && digits <= 2 && (line.substr(digits, 2) == ". " || line.substr(digits, 2) == ") "))
    return digits + 2;
  return 0;
}

/// The size of most of the text.
double body_size(const std::vector<Page>& pages) {
  std::map<double, std::size_t> letters;
  for (const Page& page : pages) {
    for (const Block& block : page.blocks) {
      for (const Line& line : block.lines) letters[rounded(line.height())] += line.text.size();
    }
  }
  const auto most = std::max_element(letters.begin(), letters.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == letters.end() ? 0 : most->first;
}

std::vector<Paragraph> paragraphs_of(const Block& block) {
  std::vector<Paragraph> out;
  double left = block.lines.front().x0, right = 0;
  for (const Line& line : block.lines) {
    left = std::min(left, line.x0);
    right = std::max(right, line.x1);
  }
  const Line* previous = nullptr;
  for (const Line& line : block.lines) {
    const double em = line.height();
    bool begins = previous == nullptr;
    if (previous != nullptr) {
      const bool same_row = std::abs(previous->y0 - line.y0) < em / 2;
      const bool short_end = right - previous->x1 > short_by * em && ends_sentence(previous->text);
      const bool set_in =
          line.x0 - left > indent_by * em && previous->x0 - left < indent_by * em && line.x0 - left < 4 * em;
      const bool gap = line.y0 - previous->y1 > 0.8 * em;
      const bool resized = std::abs(rounded(line.height()) - rounded(previous->height())) > 1;
      begins = !same_row && (short_end || set_in || gap || resized);
    }
    const std::size_t marker = list_marker(line.text);
    if (begins || marker > 0) {
      auto& paragraph = out.emplace_back();
      paragraph.size = line.height();
      paragraph.list = marker > 0;
    }
    out.back().lines.push_back(line.text);
    out.back().open = right - line.x1 < short_by * em && !ends_sentence(line.text);
    previous = &line;
  }
  return out;
}

/// A paragraph goes on after the end of its column or page when nothing says that a new one begins.
bool goes_on(const Paragraph& before, const Paragraph& after) {
  if (!before.open || after.list || std::abs(rounded(before.size) - rounded(after.size)) > 0.5) return false;
  if (before.lines.size() < 2 && !before.list) return false;
  const auto points = text::codepoints(text::clip(after.lines.front(), 8));
  return !points.empty() &&
         (text::is_lower(points[0].value) || text::is_hangul(points[0].value) || text::is_cjk(points[0].value));
}

std::string list_item(const std::string& text) {
  const std::size_t marker = list_marker(text);
  const bool number = marker > 0 && text::is_ascii_digit(text[0]);
  const std::string mark = number ? text.substr(0, marker - 2) + ". " : "- ";
  return indent_block(escape_line_starts(escape_markdown(text.substr(marker))), mark, std::string(mark.size(), ' '));
}

}  // namespace

std::string markdown_of(const std::vector<Page>& pages) {
  const double body = body_size(pages);
  Vocabulary vocabulary;
  std::vector<Paragraph> paragraphs;
  std::map<double, std::size_t, std::greater<>> sizes;
  for (const Page& page : pages) {
    for (const Block& block : page.blocks) {
      for (const Line& line : block.lines) vocabulary.add_line(line.text);
      for (auto& paragraph : paragraphs_of(block)) {
        if (!paragraphs.empty() && goes_on(paragraphs.back(), paragraph)) {
          auto& last = paragraphs.back();
          last.lines.insert(last.lines.end(), paragraph.lines.begin(), paragraph.lines.end());
          last.open = paragraph.open;
        } else {
          paragraphs.push_back(std::move(paragraph));
        }
      }
    }
  }
  std::vector<std::string> texts;
  const auto is_heading = [&](const Paragraph& paragraph, const std::string& text) {
    return paragraph.size > body * heading_factor && text.size() <= longest_heading && !paragraph.list;
  };
  for (const auto& paragraph : paragraphs) {
    texts.push_back(join_lines(paragraph.lines, vocabulary));
    if (is_heading(paragraph, texts.back())) ++sizes[rounded(paragraph.size)];
  }
  std::map<double, std::size_t> level;
  for (const auto& [size, count] : sizes) level[size] = std::min(level.size() + 1, most_levels);

  std::string out;
  bool after_item = false;
  for (std::size_t i = 0; i < paragraphs.size(); ++i) {
    if (texts[i].empty()) continue;
    const bool item = paragraphs[i].list;
    if (!out.empty()) out += item && after_item ? "\n" : "\n\n";
    if (is_heading(paragraphs[i], texts[i])) {
      out += std::string(level.at(rounded(paragraphs[i].size)), '#') + " " + escape_markdown(texts[i]);
    } else if (item) {
      out += list_item(texts[i]);
    } else {
      out += escape_line_starts(escape_markdown(texts[i]));
    }
    after_item = item;
  }
  return out;
}

}  // namespace twin::feature::pdf
