#include "feature/clean/page_date.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "core/text/unicode.h"
#include "feature/clean/characters.h"

namespace twin::feature::html {
namespace {

constexpr int first_year = 1990, last_year = 2099;

/// Folded beginnings of the names of months, in the languages of the pages people keep; longer ones first.
constexpr std::array<std::pair<std::string_view, int>, 74> months{{
    {"january", 1},   {"januar", 1},    {"janvier", 1},  {"enero", 1},     {"gennaio", 1},   {"janeiro", 1},
    {"stycznia", 1},  {"januari", 1},   {"jänner", 1},   {"jan", 1},       {"february", 2},  {"februar", 2},
    {"février", 2},   {"febrero", 2},   {"febbraio", 2}, {"fevereiro", 2}, {"lutego", 2},    {"februari", 2},
    {"feb", 2},       {"march", 3},     {"märz", 3},     {"mars", 3},      {"marzo", 3},     {"março", 3},
    {"marca", 3},     {"maart", 3},     {"mar", 3},      {"april", 4},     {"avril", 4},     {"abril", 4},
    {"aprile", 4},    {"kwietnia", 4},  {"apr", 4},      {"may", 5},       {"mai", 5},       {"mayo", 5},
    {"maggio", 5},    {"maio", 5},      {"maja", 5},     {"mei", 5},       {"june", 6},      {"juni", 6},
    {"juin", 6},      {"junio", 6},     {"giugno", 6},   {"czerwca", 6},   {"jun", 6},       {"july", 7},
    {"juli", 7},      {"juillet", 7},   {"julio", 7},    {"luglio", 7},    {"lipca", 7},     {"jul", 7},
    {"august", 8},    {"août", 8},      {"agosto", 8},   {"sierpnia", 8},  {"augustus", 8},  {"aug", 8},
    {"september", 9}, {"septembre", 9}, {"sept", 9},     {"sep", 9},       {"october", 10},  {"oktober", 10},
    {"octobre", 10},  {"octubre", 10},  {"oct", 10},     {"okt", 10},      {"november", 11}, {"nov", 11},
    {"december", 12}, {"dec", 12},
}};
constexpr std::array<std::pair<std::string_view, int>, 9> more_months{{
    {"dezember", 12},
    {"décembre", 12},
    {"diciembre", 12},
    {"dicembre", 12},
    {"dez", 12},
    {"novembre", 11},
    {"noviembre", 11},
    {"grudnia", 12},
    {"listopada", 11},
}};

int month_of(std::string_view word) {
  const std::string folded = text::fold(word);
  for (const auto& [name, number] : months) {
    if (folded == name) return number;
  }
  for (const auto& [name, number] : more_months) {
    if (folded == name) return number;
  }
  return 0;
}

std::optional<PageDate> make(int year, int month, int day) {
  if (year < first_year || year > last_year) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  PageDate out;
  out.time = std::int64_t{std::chrono::sys_days{date}.time_since_epoch().count()} * 86'400'000;
  out.day = fmt::format("{:04}-{:02}-{:02}", year, month, day);
  return out;
}

/// Reads a text from left to right; every reader leaves the place alone when it fails.
struct Scanner {
  std::string_view text;
  std::size_t at = 0;

  [[nodiscard]] bool done() const { return at >= text.size(); }
  bool take(std::string_view what) {
    if (text.substr(at, what.size()) != what) return false;
    at += what.size();
    return true;
  }
  bool spaces() {
    const std::size_t before = at;
    while (!done() && is_space(text[at])) ++at;
    return at > before;
  }
  /// A number of so many digits, with no digit behind it.
  bool number(std::size_t least, std::size_t most, int& value) {
    std::size_t end = at;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end - at < least || end - at > most) return false;
    value = 0;
    for (; at < end; ++at) value = value * 10 + (text[at] - '0');
    return true;
  }
  std::string_view word() {
    const std::size_t from = at;
    while (!done() && (is_alpha(text[at]) || static_cast<unsigned char>(text[at]) >= 0x80)) ++at;
    return text.substr(from, at - from);
  }
};

std::optional<PageDate> year_first(Scanner s, std::size_t& end) {
  int year = 0, month = 0, day = 0;
  if (!s.number(4, 4, year)) return std::nullopt;
  const auto between = [&](std::string_view unit) {
    const std::size_t before = s.at;
    s.spaces();
    if (!s.take(unit) && !s.take("-") && !s.take(".") && !s.take("/")) return false;
    s.spaces();
    return s.at > before;
  };
  if (!between("년") || !s.number(1, 2, month) || !between("월") || !s.number(1, 2, day)) return std::nullopt;
  s.take("일");
  end = s.at;
  return make(year, month, day);
}

std::optional<PageDate> day_first(Scanner s, std::size_t& end) {
  int first = 0, second = 0, year = 0;
  if (!s.number(1, 2, first)) return std::nullopt;
  Scanner named = s;
  for (const std::string_view suffix : {"st", "nd", "rd", "th", ".", "º"}) {
    if (named.take(suffix)) break;
  }
  named.spaces();
  if (named.take("de ") || named.take("of ")) named.spaces();
  if (const int month = month_of(named.word()); month != 0) {
    named.take(".");
    named.take(",");
    named.spaces();
    if (named.take("de ")) named.spaces();
    if (named.number(4, 4, year)) {
      end = named.at;
      return make(year, month, first);
    }
  }
  const bool dots = s.take(".");
  if (!dots && !s.take("/")) return std::nullopt;
  s.spaces();
  if (!s.number(1, 2, second) || !s.take(dots ? "." : "/")) return std::nullopt;
  s.spaces();
  if (!s.number(4, 4, year)) return std::nullopt;
  end = s.at;
  return dots || first > 12 ? make(year, second, first) : make(year, first, second);
}

std::optional<PageDate> month_first(Scanner s, std::size_t& end) {
  const int month = month_of(s.word());
  int day = 0, year = 0;
  if (month == 0) return std::nullopt;
  s.take(".");
  s.spaces();
  if (!s.number(1, 2, day)) return std::nullopt;
  for (const std::string_view suffix : {"st", "nd", "rd", "th"}) s.take(suffix);
  s.take(",");
  if (!s.spaces()) return std::nullopt;
  if (!s.number(4, 4, year)) return std::nullopt;
  end = s.at;
  return make(year, month, day);
}

}  // namespace

std::optional<PageDate> machine_date(std::string_view text) {
  text = text::trim(text);
  constexpr std::size_t longest = 64;
  if (text.size() < 8 || text.size() > longest) return std::nullopt;
  Scanner s{text};
  int packed = 0;
  if (s.number(8, 8, packed) && s.done()) return make(packed / 10000, packed / 100 % 100, packed % 100);
  std::size_t end = 0;
  auto day = visible_date(text, &end);
  std::string plain(text);
  // "2024-03-05 10:00:00 +0900": RFC 3339 has no space there.
  const std::size_t sign = plain.find_last_of("+-");
  if (sign != std::string::npos && sign > 10 && plain[sign - 1] == ' ') plain.erase(sign - 1, 1);
  const auto time = parse_time(plain);
  if (!time) return day;
  if (!day) {  // RFC 822: the day stands before the time
    day = PageDate{*time, format_time(*time).substr(0, 10)};
    if (day->day < "1990" || day->day > "2099-12-31") return std::nullopt;
  }
  day->time = *time;
  return day;
}

std::optional<PageDate> visible_date(std::string_view text, std::size_t* end) {
  std::size_t stop = 0;
  if (std::none_of(text.begin(), text.end(), is_digit)) return std::nullopt;  // most lines: there is no year in them
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const char before = at == 0 ? ' ' : text[at - 1];
    std::optional<PageDate> date;
    if (is_digit(c) && !is_digit(before)) {
      date = year_first({text, at}, stop);
      if (!date) date = day_first({text, at}, stop);
    } else if (is_alpha(c) && !is_word(before)) {
      date = month_first({text, at}, stop);
    }
    if (!date) continue;
    if (end != nullptr) *end = stop;
    return date;
  }
  return std::nullopt;
}

std::optional<PageDate> url_date(std::string_view url) {
  const std::size_t scheme = url.find("://");
  std::size_t at = url.find('/', scheme == std::string_view::npos ? 0 : scheme + 3);
  for (; at != std::string_view::npos; at = url.find('/', at + 1)) {
    std::size_t end = 0;
    Scanner s{url, at + 1};
    int year = 0, packed = 0;
    Scanner parts = s;
    if (parts.number(4, 4, year) && !parts.done() && (url[parts.at] == '/' || url[parts.at] == '-')) {
      if (auto date = year_first(s, end)) return date;
    }
    if (s.number(8, 8, packed) && (s.done() || !is_alpha(url[s.at]))) {
      if (auto date = make(packed / 10000, packed / 100 % 100, packed % 100)) return date;
    }
  }
  return std::nullopt;
}

}  // namespace twin::feature::html
