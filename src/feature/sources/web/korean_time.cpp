#include "feature/sources/web/korean_time.h"

#include <array>
#include <chrono>

#include "core/text/ascii.h"

namespace twin::feature::web {
namespace {

constexpr std::size_t max_text = 64;

int number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

std::optional<UnixMillis> make(const std::array<int, 6>& part) {
  const std::chrono::year_month_day date{std::chrono::year(part[0]), std::chrono::month(static_cast<unsigned>(part[1])),
                                         std::chrono::day(static_cast<unsigned>(part[2]))};
  if (part[0] < 1990 || part[0] > 2200 || !date.ok() || part[3] > 23 || part[4] > 59 || part[5] > 60) {
    return std::nullopt;
  }
  const auto days = std::chrono::sys_days(date).time_since_epoch();
  const auto time =
      days + std::chrono::hours(part[3] - 9) + std::chrono::minutes(part[4]) + std::chrono::seconds(part[5]);
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

}  // namespace

std::optional<UnixMillis> parse_korean_time(std::string_view text) {
  text = text.substr(0, max_text);
  std::array<int, 6> part{};
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size() && count < part.size();) {
    if (!text::is_ascii_digit(text[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && text::is_ascii_digit(text[end])) ++end;
    const auto digits = text.substr(i, end - i);
    if (count == 0 && digits.size() == 14) {  // og:regDate
      return make({number(digits.substr(0, 4)), number(digits.substr(4, 2)), number(digits.substr(6, 2)),
                   number(digits.substr(8, 2)), number(digits.substr(10, 2)), number(digits.substr(12, 2))});
    }
    if (digits.size() > 4 || (count == 0 && digits.size() != 4)) return std::nullopt;
    part[count++] = number(digits);
    i = end;
  }
  if (count < 3) return std::nullopt;
  if (text.find("오후") != std::string_view::npos && part[3] < 12) part[3] += 12;
  if (text.find("오전") != std::string_view::npos && part[3] == 12) part[3] = 0;
  return make(part);
}

}  // namespace twin::feature::web
