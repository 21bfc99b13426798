#include "core/clock.h"

#include <curl/curl.h>
#include <fmt/core.h>

#include <cctype>
#include <ctime>
#include <string_view>
#include <thread>

#include "core/i18n.h"
#include "core/text/ascii.h"

namespace twin {

namespace {

class SystemClock final : public Clock {
 public:
  [[nodiscard]] UnixMillis now() const override {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<Millis>(since).count();
  }
  [[nodiscard]] double monotonic() const override {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }
  void sleep(Millis duration) override { std::this_thread::sleep_for(duration); }
};

/// Reads digits from the front of a text, character by character.
struct Cursor {
  std::string_view rest;

  bool take(char c) {
    if (rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  bool take_any(std::string_view any) {
    if (rest.empty() || any.find(rest.front()) == std::string_view::npos) return false;
    rest.remove_prefix(1);
    return true;
  }
  bool number(std::size_t digits, int& value) {
    if (rest.size() < digits) return false;
    value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (rest[i] < '0' || rest[i] > '9') return false;
      value = value * 10 + (rest[i] - '0');
    }
    rest.remove_prefix(digits);
    return true;
  }
  /// Digits of a fraction of a second, of any length, as milliseconds.
  bool milliseconds(int& value) {
    value = 0;
    int digits = 0;
    while (!rest.empty() && text::is_ascii_digit(rest.front())) {
      if (digits < 3) value = value * 10 + (rest.front() - '0');
      ++digits;
      rest.remove_prefix(1);
    }
    for (int i = digits; i < 3; ++i) value *= 10;
    return digits > 0;
  }
};

/// Z, +hh:mm, +hhmm or +hh; none at all means UTC.
bool parse_offset(Cursor& at, int& minutes) {
  minutes = 0;
  if (at.rest.empty() || at.take_any("Zz")) return at.rest.empty();
  const bool west = at.rest.front() == '-';
  int hours = 0;
  if (!at.take_any("+-") || !at.number(2, hours)) return false;
  at.take(':');
  if (!at.rest.empty() && !at.number(2, minutes)) return false;
  if (hours > 23 || minutes > 59 || !at.rest.empty()) return false;
  minutes = (hours * 60 + minutes) * (west ? -1 : 1);
  return true;
}

/// RFC 3339 section 5.6, and its profile of a date alone (midnight UTC).
bool parse_rfc3339(std::string_view text, UnixMillis& out) {
  Cursor at{text};
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, millis = 0, offset = 0;
  if (!at.number(4, year) || !at.take('-') || !at.number(2, month) || !at.take('-') || !at.number(2, day)) return false;
  if (!at.rest.empty()) {
    if (!at.take_any("Tt ") || !at.number(2, hour) || !at.take(':') || !at.number(2, minute)) return false;
    if (at.take(':') && !at.number(2, second)) return false;
    if (at.take('.') && !at.milliseconds(millis)) return false;
    if (!parse_offset(at, offset)) return false;
  }
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  // 60 is a leap second; it reads as the first second of the next minute.
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return false;
  const auto days = std::chrono::sys_days{date}.time_since_epoch().count();
  const std::int64_t seconds = ((std::int64_t{days} * 24 + hour) * 60 + minute - offset) * 60 + second;
  out = seconds * 1000 + millis;
  return true;
}

/// curl_getdate() also takes texts that are no dates at all ("20260101", "GMT"): ask for the shape of RFC 822.
bool looks_like_rfc822(std::string_view text) {
  bool letters = false, colon = false, digit = false;
  for (const char c : text) {
    letters = letters || std::isalpha(static_cast<unsigned char>(c)) != 0;
    digit = digit || std::isdigit(static_cast<unsigned char>(c)) != 0;
    colon = colon || c == ':';
  }
  return letters && colon && digit;
}

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

std::string format_time(UnixMillis time) {
  if (time == 0) return {};
  std::int64_t seconds = time / 1000;
  std::int64_t millis = time % 1000;
  if (millis < 0) {
    millis += 1000;
    --seconds;
  }
  const std::time_t whole = seconds;
  std::tm parts{};
  if (gmtime_r(&whole, &parts) == nullptr) return {};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, millis);
}

Result<UnixMillis> parse_time(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  const auto last = text.find_last_not_of(" \t\r\n");
  const std::string trimmed = first == std::string::npos ? std::string() : text.substr(first, last - first + 1);
  UnixMillis time = 0;
  if (parse_rfc3339(trimmed, time)) return time;
  if (looks_like_rfc822(trimmed)) {
    const std::time_t seconds = curl_getdate(trimmed.c_str(), nullptr);
    if (seconds != -1) return static_cast<UnixMillis>(seconds) * 1000;
  }
  return fail(ErrorKind::invalid, tr("not a date: \"{}\"", trimmed.substr(0, 80)), {},
              tr("use the form 2026-11-24T19:41:29Z"));
}

}  // namespace twin
