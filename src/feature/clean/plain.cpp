// Plain text and source code as Markdown.
#include <algorithm>
#include <vector>

#include "core/text/unicode.h"
#include "feature/clean/formats.h"
#include "feature/clean/markdown_blocks.h"
#include "feature/clean/markdown_escape.h"

namespace twin::feature {
namespace {

/// A paragraph whose lines (but the last) reach this many columns was wrapped by an editor; shorter lines were meant.
constexpr std::size_t wrapped_line = 50;

std::size_t columns(std::string_view line) {
  std::size_t count = 0;
  for (const auto& c : text::codepoints(line)) count += text::is_hangul(c.value) || text::is_cjk(c.value) ? 2 : 1;
  return count;
}

bool is_list_item(std::string_view line) {
  line = line.substr(std::min(line.find_first_not_of(' '), line.size()));
  if (line.size() > 1 && (line[0] == '-' || line[0] == '*' || line[0] == '+') && line[1] == ' ') return true;
  const std::size_t digits = std::min(line.find_first_not_of("0123456789"), line.size());
  return digits > 0 && digits < 4 && (line.substr(digits, 2) == ". " || line.substr(digits, 2) == ") ");
}

bool is_underline(std::string_view line) {
  return line.size() >= 3 && (line.find_first_not_of('=') == std::string_view::npos ||
                              line.find_first_not_of('-') == std::string_view::npos);
}

std::string escape_line(std::string_view line) {
  const std::size_t first = std::min(line.find_first_not_of(' '), line.size());
  std::string out(line.substr(0, first));
  auto rest = line.substr(first);
  if (is_underline(rest)) return out + std::string(rest);
  if (is_list_item(rest)) {
    const std::size_t marker = rest.find(' ') + 1;
    out += rest.substr(0, marker);
    return out + escape_markdown(rest.substr(marker));
  }
  return out + escape_line_starts(escape_markdown(rest));
}

std::string paragraph(const std::vector<std::string_view>& lines) {
  const bool code = std::all_of(lines.begin(), lines.end(),
                                [](std::string_view line) { return line.substr(0, 4) == "    " || line[0] == '\t'; });
  bool wrapped = true;
  bool structured = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    structured = structured || is_list_item(lines[i]) || is_underline(lines[i]);
    if (i + 1 < lines.size()) wrapped = wrapped && columns(lines[i]) >= wrapped_line;
  }
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (code) {
      out += lines[i];
    } else if (structured) {
      out += escape_line(lines[i]);
    } else {
      out += escape_line(text::trim(lines[i]));
      if (!wrapped && i + 1 < lines.size()) out += '\\';
    }
    out += '\n';
  }
  return out;
}

}  // namespace

Cleaned clean_text(const std::string& utf8, const CleanOptions& options) {
  Cleaned out;
  out.read_as = "text";
  const std::string normalized = normalize_characters(utf8, true, options.record_removals ? &out.removed : nullptr);
  std::vector<std::string_view> lines;
  const auto finish = [&] {
    if (lines.empty()) return;
    if (!out.markdown.empty()) out.markdown += '\n';
    out.markdown += paragraph(lines);
    lines.clear();
  };
  for (auto line : text::split(normalized, '\n')) {
    line = line.substr(0, line.find_last_not_of(" \t") + 1);
    if (line.empty()) {
      finish();
    } else {
      lines.push_back(line);
    }
  }
  finish();
  if (!out.markdown.empty()) out.markdown.pop_back();
  // A short first line that stands alone is how plain text gives its title.
  const auto first = text::trim(
      std::string_view(normalized)
          .substr(0, normalized.find('\n', std::min(normalized.find_first_not_of(" \n\t"), normalized.size()))));
  constexpr std::size_t longest_title = 200;
  if (first.size() <= longest_title) out.title = std::string(first);
  return out;
}

Cleaned clean_code(const std::string& utf8, const std::string& language, const CleanOptions& options) {
  Cleaned out;
  out.read_as = "code";
  const std::string code = normalize_characters(utf8, false, options.record_removals ? &out.removed : nullptr);
  out.markdown = fenced_block(code, language);
  return out;
}

}  // namespace twin::feature
