#include "feature/sources/notion_export/pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "feature/sources/exports/export_files.h"
#include "feature/sources/notion/api.h"

namespace twin::feature::notion {
namespace {

constexpr std::size_t id_length = 32;
constexpr std::size_t longest_key = 60;

bool is_hex(char c) {
  return text::is_ascii_digit(c) || (c >= 'a' && c <= 'f');
}

bool is_id(std::string_view text) {
  return text.size() == id_length && std::all_of(text.begin(), text.end(), is_hex);
}

/// Numbers of a text in order.
std::vector<int> numbers_of(const std::string& text) {
  std::vector<int> out;
  bool inside = false;
  for (const char c : text) {
    const bool digit = text::is_ascii_digit(c);
    if (digit && !inside) out.push_back(0);
    if (digit && out.back() < 100'000) out.back() = out.back() * 10 + (c - '0');
    inside = digit;
  }
  return out;
}

UnixMillis iso(int year, int month, int day, int hour, int minute) {
  return parse_time(fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:00Z", year, month, day, hour, minute)).value_or(0);
}

}  // namespace

Name parse_name(const std::string& file_name) {
  Name out;
  std::string stem = without_extension(file_name);
  if (stem.ends_with("_all")) stem.resize(stem.size() - 4);
  const std::size_t space = stem.find_last_of(' ');
  const std::string last = stem.substr(space == std::string::npos ? 0 : space + 1);
  if (is_id(last)) {
    out.id = last;
    stem.resize(space == std::string::npos ? 0 : space);
  }
  out.title = std::string(text::trim(stem));
  return out;
}

std::string with_page_links(const std::string& text) {
  std::string out;
  std::size_t copied = 0;
  std::size_t start = 0;  // behind the last mark that a target may begin after
  bool local = true;      // since there: no blank, no scheme
  for (std::size_t at = 0; at + id_length < text.size(); ++at) {
    const char c = text[at];
    if (c == '(' || c == '"' || c == '<' || c == '\n') {
      start = at + 1;
      local = true;
    }
    local = local && c != ' ' && text.compare(at, 3, "://") != 0;
    if (!is_hex(c) || !is_id(std::string_view(text).substr(at, id_length))) continue;
    const std::size_t end = at + id_length;
    const std::string_view rest = std::string_view(text).substr(end);
    std::size_t suffix = 0;
    for (const std::string_view extension : {".md", ".html", ".csv", "_all.csv"}) {
      const char after = rest.size() > extension.size() ? rest[extension.size()] : '\0';
      if (rest.starts_with(extension) && (after == ')' || after == '"' || after == '#' || after == '>'))
        suffix = extension.size();
    }
    if (suffix == 0) continue;  // "%20" before the id looks like a part of it
    if (local && start >= copied) {
      out += text.substr(copied, start - copied) + page_url(text.substr(at, id_length));
      copied = end + suffix;
    }
    at = end - 1;
  }
  return out + text.substr(copied);
}

std::map<std::string, std::string> take_properties(std::string& markdown) {
  std::map<std::string, std::string> out;
  std::size_t at = 0;
  if (markdown.starts_with("# ")) at = markdown.find('\n');
  if (at == std::string::npos) return out;
  at = markdown.find_first_not_of("\r\n", at);
  if (at == std::string::npos) return out;
  const std::size_t begin = at;
  while (at < markdown.size()) {
    const std::size_t end = std::min(markdown.find('\n', at), markdown.size());
    const auto line = text::trim(std::string_view(markdown).substr(at, end - at));
    if (line.empty()) break;
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos || colon == 0 || colon > longest_key) return {};  // a paragraph: no properties
    out.emplace(line.substr(0, colon), text::trim(line.substr(colon + 2)));
    at = std::min(end + 1, markdown.size());
  }
  at = std::min(markdown.find_first_not_of("\r\n", at), markdown.size());
  markdown.erase(begin, at - begin);
  return out;
}

UnixMillis parse_date(const std::string& text) {
  if (const auto time = parse_time(text)) return *time;
  const auto numbers = numbers_of(text);
  const std::string folded = text::fold(text);
  const bool afternoon = folded.find("pm") != std::string::npos || folded.find("오후") != std::string::npos;
  const bool morning = folded.find("am") != std::string::npos || folded.find("오전") != std::string::npos;
  const auto hour_of = [&](std::size_t i) {
    int hour = numbers.size() > i ? numbers[i] : 0;
    if (afternoon && hour < 12) hour += 12;
    if (morning && hour == 12) hour = 0;
    return hour;
  };
  const auto minute_of = [&](std::size_t i) { return numbers.size() > i ? numbers[i] : 0; };
  static constexpr std::array<std::string_view, 12> months = {"jan", "feb", "mar", "apr", "may", "jun",
                                                              "jul", "aug", "sep", "oct", "nov", "dec"};
  for (std::size_t i = 0; i < months.size(); ++i) {
    if (!folded.starts_with(months[i]) || numbers.size() < 2) continue;
    return iso(numbers[1], static_cast<int>(i) + 1, numbers[0], hour_of(2), minute_of(3));
  }
  if (numbers.size() >= 3 && numbers[0] > 1900)
    return iso(numbers[0], numbers[1], numbers[2], hour_of(3), minute_of(4));
  return 0;
}

}  // namespace twin::feature::notion
