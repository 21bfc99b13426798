#include "inference/query/time_span.h"

#include <re2/re2.h>

#include <array>
#include <chrono>
#include <string>

#include "core/text/ascii.h"

namespace twin::inference {
namespace {

using std::chrono::days;
using std::chrono::months;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr UnixMillis day_ms = 86'400'000;

/// Days from `first` to `end`, the latter not included.
struct Range {
  sys_days first, end;
};

UnixMillis to_ms(sys_days day) {
  return UnixMillis{day.time_since_epoch().count()} * day_ms;
}

year_month_day first_of(int year, unsigned month) {
  return {std::chrono::year(year), std::chrono::month(month), std::chrono::day(1)};
}

Range whole_year(int year) {
  return {sys_days(first_of(year, 1)), sys_days(first_of(year + 1, 1))};
}
Range whole_month(year_month_day first) {
  return {sys_days(first), sys_days(first + months(1))};
}
/// `month` 0: the whole year; one beyond 12 is nothing that a date says.
std::optional<Range> year_or_month(int year, unsigned month) {
  if (year < 1970 || year > 2099 || month > 12) return std::nullopt;
  return month == 0 ? whole_year(year) : whole_month(first_of(year, month));
}

/// Weeks begin on Monday (ISO 8601).
sys_days monday_of(sys_days day) {
  return day - (std::chrono::weekday(day) - std::chrono::Monday);
}

/// A calendar unit `back` units before the one that `today` is in.
Range unit_before(std::string_view unit, int back, sys_days today) {
  const year_month_day date(today);
  if (unit == "year") return whole_year(static_cast<int>(date.year()) - back);
  if (unit == "month") return whole_month(date.year() / date.month() / 1 - months(back));
  if (unit == "week") return {monday_of(today) - days(7 * back), monday_of(today) - days(7 * (back - 1))};
  return {today - days(back), today - days(back - 1)};
}

/// The last `count` units up to and with today.
TimeSpan last_units(std::string_view unit, int count, sys_days today) {
  if (unit == "day" || unit == "week") return {.from = to_ms(today - days(unit == "week" ? 7 * count : count))};
  const year_month_day date = year_month_day(today) - months(unit == "year" ? 12 * count : count);
  return {.from = to_ms(date.ok() ? sys_days(date) : sys_days(date.year() / date.month() / std::chrono::last))};
}

unsigned month_number(std::string_view name) {
  static constexpr std::array<std::string_view, 12> names = {"jan", "feb", "mar", "apr", "may", "jun",
                                                             "jul", "aug", "sep", "oct", "nov", "dec"};
  const std::string folded = text::ascii_lower(name.substr(0, 3));
  for (unsigned i = 0; i < names.size(); ++i) {
    if (names[i] == folded) return i + 1;
  }
  return 0;
}

enum class Bound { within, from_start, after, before_start, until };

TimeSpan bounded(const Range& range, Bound bound) {
  switch (bound) {
    case Bound::from_start:
      return {.from = to_ms(range.first)};
    case Bound::after:
      return {.from = to_ms(range.end)};
    case Bound::before_start:
      return {.before = to_ms(range.first)};
    case Bound::until:
      return {.before = to_ms(range.end)};
    case Bound::within:
      break;
  }
  return {.from = to_ms(range.first), .before = to_ms(range.end)};
}

Bound bound_of(std::string_view word) {
  const std::string folded = text::ascii_lower(word);
  if (folded == "since") return Bound::from_start;
  if (folded == "after") return Bound::after;
  if (folded == "before") return Bound::before_start;
  if (folded == "until" || folded == "till") return Bound::until;
  if (word.starts_with("이후") || word.starts_with("이래") || word.starts_with("부터")) return Bound::from_start;
  if (word.starts_with("이전") || word.starts_with("전에")) return Bound::before_start;
  if (word.starts_with("까지")) return Bound::until;
  return Bound::within;
}

std::string_view english_unit(std::string_view korean) {
  if (korean == "년" || korean == "해") return "year";
  if (korean == "개월" || korean == "달") return "month";
  return korean == "주" || korean == "주일" ? "week" : "day";
}

const std::string month =
    "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|"
    "nov(?:ember)?|dec(?:ember)?)";
const std::string year = "((?:19|20)\\d\\d)";
const std::string korean_month = "(?:\\s*(\\d{1,2})월)?";

/// Each way of saying it: a pattern whose first group is all that says so, and what its other groups mean.
using Groups = std::array<re2::StringPiece, 6>;
struct Pattern {
  RE2 expression;
  std::optional<TimeSpan> (*read)(const Groups& groups, sys_days today);
};

int number(const re2::StringPiece& digits) {
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}
std::string_view view(const re2::StringPiece& piece) {
  return {piece.data() == nullptr ? "" : piece.data(), piece.size()};
}

std::optional<TimeSpan> between(const std::optional<Range>& first, const std::optional<Range>& last) {
  if (!first || !last || last->end <= first->first) return std::nullopt;
  return TimeSpan{.from = to_ms(first->first), .before = to_ms(last->end)};
}

const std::array<Pattern, 8>& patterns() {
  static const std::array<Pattern, 8> all = {{
      {RE2("(?i)\\b((?:between|from)\\s+(?:" + month + "\\s+)?" + year +
           "\\s+(?:and|to|until|till|through)\\s+(?:" + month + "\\s+)?" + year + ")\\b"),
       [](const Groups& g, sys_days) {
         return between(year_or_month(number(g[2]), month_number(view(g[1]))),
                        year_or_month(number(g[4]), month_number(view(g[3]))));
       }},
      {RE2("(" + year + "년" + korean_month + "\\s*(?:부터|에서)\\s*" + year + "년" + korean_month +
           "\\s*(?:까지|사이)?(?:에)?)"),
       [](const Groups& g, sys_days) {
         return between(year_or_month(number(g[1]), static_cast<unsigned>(number(g[2]))),
                        year_or_month(number(g[3]), static_cast<unsigned>(number(g[4]))));
       }},
      {RE2("(?i)\\b((since|after|before|until|till|from|in|during|of)\\s+(?:" + month + ",?\\s+)?" + year + ")\\b"),
       [](const Groups& g, sys_days) -> std::optional<TimeSpan> {
         const auto range = year_or_month(number(g[3]), month_number(view(g[2])));
         return range ? std::optional(bounded(*range, bound_of(view(g[1])))) : std::nullopt;
       }},
      {RE2("(" + year + "년(?:도)?" + korean_month + "\\s*(이후로?|이래로?|부터|이전에?|전에|까지|에|중에)?)"),
       [](const Groups& g, sys_days) -> std::optional<TimeSpan> {
         const auto range = year_or_month(number(g[1]), static_cast<unsigned>(number(g[2])));
         return range ? std::optional(bounded(*range, bound_of(view(g[3])))) : std::nullopt;
       }},
      {RE2("(?i)\\b((?:(?:in|over|within|during)\\s+)?(?:the\\s+)?(?:last|past)\\s+(\\d{1,3})\\s+(day|week|month|year)"
           "s?)\\b"),
       [](const Groups& g, sys_days today) -> std::optional<TimeSpan> {
         return last_units(text::ascii_lower(view(g[2])), number(g[1]), today);
       }},
      {RE2("((?:최근|지난)\\s*(\\d{1,3})\\s*(일|주일|주|개월|달|년)(?:간|\\s*동안)?(?:에)?)"),
       [](const Groups& g, sys_days today) -> std::optional<TimeSpan> {
         return last_units(english_unit(view(g[2])), number(g[1]), today);
       }},
      {RE2("(?i)\\b(((?:this|last|previous)\\s+(?:week|month|year))|yesterday|today)\\b"),
       [](const Groups& g, sys_days today) -> std::optional<TimeSpan> {
         const std::string said = text::ascii_lower(view(g[0]));
         if (said == "today" || said == "yesterday") {
           return bounded(unit_before("day", said == "today" ? 0 : 1, today), Bound::within);
         }
         const std::string unit = said.substr(said.find_last_of(" \t\n") + 1);
         return bounded(unit_before(unit, said.starts_with("this") ? 0 : 1, today), Bound::within);
       }},
      {RE2("((재작년|작년|지난해|올해|금년|지난달|저번\\s*달|이번\\s*달|지난주|저번\\s*주|이번\\s*주|어제|오늘)(?:에)?"
           ")"),
       [](const Groups& g, sys_days today) -> std::optional<TimeSpan> {
         const std::string_view said = view(g[1]);
         const bool present = said.starts_with("이번") || said == "올해" || said == "금년" || said == "오늘";
         const int back = said == "재작년" ? 2 : present ? 0 : 1;
         const std::string_view unit = said == "어제" || said == "오늘" ? "day"
                                       : said.ends_with("달")           ? "month"
                                       : said.ends_with("주")           ? "week"
                                                                        : "year";
         return bounded(unit_before(unit, back, today), Bound::within);
       }},
  }};
  return all;
}

}  // namespace

std::optional<TimeSpan> find_time_span(std::string_view utf8, UnixMillis now) {
  const sys_days today(days(now / day_ms));
  for (const Pattern& pattern : patterns()) {
    // The groups as StringPieces: RE2 fills as many as the pattern has.
    Groups groups;
    std::array<RE2::Arg, 6> arguments;
    std::array<const RE2::Arg*, 6> pointers{};
    for (std::size_t i = 0; i < groups.size(); ++i) {
      arguments[i] = RE2::Arg(&groups[i]);
      pointers[i] = &arguments[i];
    }
    const int count = pattern.expression.NumberOfCapturingGroups();
    if (!RE2::PartialMatchN(re2::StringPiece(utf8.data(), utf8.size()), pattern.expression, pointers.data(), count)) {
      continue;
    }
    auto span = pattern.read(groups, today);
    if (!span) continue;
    span->start = static_cast<std::size_t>(groups[0].data() - utf8.data());
    span->end = span->start + groups[0].size();
    return span;
  }
  return std::nullopt;
}

}  // namespace twin::inference
