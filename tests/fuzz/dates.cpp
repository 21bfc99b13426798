// Dates as people write them: the first line is a format, the rest a text.
#include "feature/sources/pages/dates.h"

#include "fuzz.h"

using namespace twin;

TWIN_FUZZ(dates, bytes) {
  const std::size_t line = bytes.find('\n');
  const std::string format(bytes.substr(0, line));
  const std::string_view text = line == std::string_view::npos ? bytes : bytes.substr(line + 1);
  static_cast<void>(feature::pages::parse_date(text, {}, 540));
  static_cast<void>(feature::pages::parse_date(text, {format}, 0));
  static_cast<void>(feature::pages::format_problem(format));
  const auto offset = feature::pages::offset_minutes(text);
  fuzz::require(!offset || (*offset > -24 * 60 && *offset < 24 * 60), "an offset is less than a day");
}
