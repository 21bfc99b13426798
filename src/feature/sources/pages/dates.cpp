#include "feature/sources/pages/dates.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "core/i18n.h"
#include "core/text/ascii.h"
#include "core/text/unicode.h"

namespace twin::feature::pages {
namespace {

constexpr std::string_view conversions = "YymdbBHIMSpzaAs%";
/// Texts around a date are looked through up to here.
constexpr std::size_t longest_text = 400;

constexpr std::array<std::string_view, 12> months = {"january",   "february", "march",    "april",
                                                     "may",       "june",     "july",     "august",
                                                     "september", "october",  "november", "december"};

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
/// What a date says so far.
struct Parts {
  int year = -1, month = -1, day = -1, hour = 0, minute = 0, second = 0;
  std::optional<bool> afternoon;
  std::optional<int> offset;
  std::optional<std::int64_t> epoch;

  [[nodiscard]] std::optional<UnixMillis> time(int default_offset) const {
    if (epoch) return *epoch * 1000;
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    int hours = hour;
    if (afternoon && hours <= 12) hours = hours % 12 + (*afternoon ? 12 : 0);
    if (year < 0 || month < 1 || day < 1 || !date.ok() || hours > 23 || minute > 59 || second > 60) return std::nullopt;
    const auto days = std::chrono::sys_days{date}.time_since_epoch().count();
    return (((std::int64_t{days} * 24 + hours) * 60 + minute - offset.value_or(default_offset)) * 60 + second) * 1000;
  }
};

class Matcher {
 public:
  explicit Matcher(std::string_view text) : rest_(text) {}

  bool match(std::string_view format, Parts& parts) {
    for (std::size_t i = 0; i < format.size(); ++i) {
      const char c = format[i];
      if (is_blank(c)) {
        skip_blanks();
      } else if (c != '%') {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
      } else if (++i == format.size() || !convert(format[i], parts)) {
        return false;
      }
    }
    return true;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }

  bool number(std::size_t least, std::size_t most, std::int64_t& value) {
    std::size_t digits = 0;
    value = 0;
    while (digits < most && digits < rest_.size() && text::is_ascii_digit(rest_[digits])) {
      value = value * 10 + (rest_[digits++] - '0');
    }
    rest_.remove_prefix(digits);
    return digits >= least;
  }
  bool small(std::size_t digits, int& into) {
    std::int64_t value = 0;
    if (!number(digits == 4 ? 4 : 1, digits, value)) return false;
    into = static_cast<int>(value);
    return true;
  }

  bool take(std::string_view word) {
    if (rest_.size() < word.size()) return false;
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (text::ascii_lower(rest_[i]) != word[i]) return false;
    }
    rest_.remove_prefix(word.size());
    return true;
  }

  /// The whole name or its first three letters, with or without a full stop.
  bool month_name(int& into) {
    for (std::size_t i = 0; i < months.size(); ++i) {
      if (!take(months[i]) && !take(months[i].substr(0, 3))) continue;
      if (months[i] == "september" && !rest_.empty() && text::ascii_lower(rest_.front()) == 't') rest_.remove_prefix(1);
      if (!rest_.empty() && rest_.front() == '.') rest_.remove_prefix(1);
      into = static_cast<int>(i) + 1;
      return true;
    }
    return false;
  }

  bool half(std::optional<bool>& afternoon) {
    static constexpr std::pair<std::string_view, bool> words[] = {{"오전", false}, {"am", false}, {"a.m.", false},
                                                                  {"오후", true},  {"pm", true},  {"p.m.", true}};
    for (const auto& [word, after] : words) {
      if (!take(word)) continue;
      afternoon = after;
      return true;
    }
    return false;
  }

  bool weekday() {
    for (const std::string_view day : {"월", "화", "수", "목", "금", "토", "일"}) {
      if (!take(day)) continue;
      take("요일");
      return true;
    }
    std::size_t letters = 0;
    while (letters < rest_.size() && text::is_ascii_letter(rest_[letters])) ++letters;
    rest_.remove_prefix(letters);
    return letters > 0;
  }

  bool zone(std::optional<int>& offset) {
    std::size_t length = 0;
    while (length < rest_.size() && length < 6 &&
           std::string_view("+-0123456789:Zz").find(rest_[length]) != std::string_view::npos)
      ++length;
    for (; length > 0; --length) {
      offset = offset_minutes(rest_.substr(0, length));
      if (!offset) continue;
      rest_.remove_prefix(length);
      return true;
    }
    return false;
  }

  bool convert(char conversion, Parts& parts) {
    switch (conversion) {
      case 'Y':
        return small(4, parts.year);
      case 'y':
        if (!small(2, parts.year)) return false;
        parts.year += parts.year < 69 ? 2000 : 1900;  // as POSIX
        return true;
      case 'm':
        return small(2, parts.month);
      case 'd':
        return small(2, parts.day);
      case 'b':
      case 'B':
        return month_name(parts.month);
      case 'H':
      case 'I':
        return small(2, parts.hour);
      case 'M':
        return small(2, parts.minute);
      case 'S':
        return small(2, parts.second);
      case 'p':
        return half(parts.afternoon);
      case 'z':
        return zone(parts.offset);
      case 'a':
      case 'A':
        return weekday();
      case 's': {
        std::int64_t seconds = 0;
        if (!number(1, 11, seconds)) return false;
        parts.epoch = seconds;
        return true;
      }
      case '%':
        return take("%");
      default:
        return false;
    }
  }

  std::string_view rest_;
};

const std::vector<std::string>& usual_formats() {
  static const std::vector<std::string> formats = {
      "%Y-%m-%dT%H:%M:%S",
      "%Y-%m-%dT%H:%M",
      "%Y-%m-%d %H:%M:%S",
      "%Y-%m-%d %H:%M",
      "%Y-%m-%d",
      "%Y. %m. %d. %p %I:%M:%S",
      "%Y. %m. %d. %p %I:%M",
      "%Y. %m. %d. %H:%M:%S",
      "%Y. %m. %d. %H:%M",
      "%Y. %m. %d %H:%M:%S",
      "%Y. %m. %d %H:%M",
      "%Y. %m. %d.",
      "%Y. %m. %d",
      "%Y/%m/%d %H:%M:%S",
      "%Y/%m/%d %H:%M",
      "%Y/%m/%d",
      "%Y년 %m월 %d일 %p %I:%M",
      "%Y년 %m월 %d일 %p %I시 %M분",
      "%Y년 %m월 %d일 %H:%M",
      "%Y년 %m월 %d일 %H시 %M분",
      "%Y년 %m월 %d일 (%a)",
      "%Y년 %m월 %d일 %A",
      "%Y년 %m월 %d일",
      "%B %d, %Y %I:%M %p",
      "%B %d, %Y %H:%M",
      "%B %d, %Y",
      "%B %d %Y",
      "%d %B %Y %H:%M",
      "%d %B %Y",
      "%A, %B %d, %Y",
      "%A, %d %B %Y",
  };
  return formats;
}

}  // namespace

std::optional<UnixMillis> parse_date(std::string_view text, const std::vector<std::string>& formats, int offset) {
  text = text::trim(text);
  if (text.empty()) return std::nullopt;
  if (formats.empty()) {
    for (const auto& format : usual_formats()) {
      Parts parts;
      Matcher matcher(text);
      if (!matcher.match(format, parts) || !text::trim(matcher.rest()).empty()) continue;
      if (const auto time = parts.time(offset)) return time;
    }
    const auto time = parse_time(std::string(text));
    return time ? std::optional(*time) : std::nullopt;
  }
  text = text::clip(text, longest_text);
  for (const auto& format : formats) {
    for (std::size_t at = 0; at < text.size(); ++at) {
      // "12024" holds no 2024.
      const bool inside = at > 0 && text::is_ascii_digit(text[at]) && text::is_ascii_digit(text[at - 1]);
      if (inside) continue;
      Parts parts;
      if (!Matcher(text.substr(at)).match(format, parts)) continue;
      if (const auto time = parts.time(offset)) return time;
    }
  }
  return std::nullopt;
}

std::optional<int> offset_minutes(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  std::string digits;
  for (const char c : text.substr(1)) {
    if (c == ':' && digits.size() == 2) continue;
    if (c < '0' || c > '9') return std::nullopt;
    digits += c;
  }
  if (digits.size() == 2) digits += "00";
  if (digits.size() != 4) return std::nullopt;
  const int hours = (digits[0] - '0') * 10 + digits[1] - '0', minutes = (digits[2] - '0') * 10 + digits[3] - '0';
  if (hours > 14 || minutes > 59) return std::nullopt;
  return (hours * 60 + minutes) * (text[0] == '-' ? -1 : 1);
}

std::string format_problem(const std::string& format) {
  bool day = false, year = false, month = false;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    if (++i == format.size() || conversions.find(format[i]) == std::string_view::npos) {
      return tr("'{}' is no date format: known are %Y %y %m %d %b %B %H %I %M %S %p %z %a %A %s", format);
    }
    const char c = format[i];
    year = year || c == 'Y' || c == 'y' || c == 's';
    month = month || c == 'm' || c == 'b' || c == 'B' || c == 's';
    day = day || c == 'd' || c == 's';
  }
  if (year && month && day) return {};
  return tr("the date format '{}' lacks a year (%Y), month (%m) or day (%d)", format);
}

std::string timezone_problem(const std::string& offset) {
  return offset_minutes(offset) ? std::string() : tr("'{}' is no offset like +09:00", offset);
}

}  // namespace twin::feature::pages
