#include "inference/query/time_span.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace twin::inference {
namespace {

/// Thursday, 2026-11-26, noon.
UnixMillis noon() {
  return parse_time("2026-11-26T12:00:00Z").value();
}

std::string said(const std::string& text) {
  const auto span = find_time_span(text, noon());
  if (!span) return "none";
  const auto day = [](UnixMillis time) { return time == 0 ? std::string("…") : format_time(time).substr(0, 10); };
  return day(span->from) + " " + day(span->before) + " [" + text.substr(span->start, span->end - span->start) + "]";
}

}  // namespace

TEST_CASE("time span: years and months, English") {
  CHECK(said("What did I write in 2021 about tea?") == "2021-01-01 2022-01-01 [in 2021]");
  CHECK(said("posts from March 2021") == "2021-03-01 2021-04-01 [from March 2021]");
  CHECK(said("notes of Dec 2019?") == "2019-12-01 2020-01-01 [of Dec 2019]");
  CHECK(said("since 2020") == "2020-01-01 … [since 2020]");
  CHECK(said("After May 2020, what?") == "2020-06-01 … [After May 2020]");
  CHECK(said("before 2019") == "… 2019-01-01 [before 2019]");
  CHECK(said("until 2019") == "… 2020-01-01 [until 2019]");
  CHECK(said("between 2018 and 2020") == "2018-01-01 2021-01-01 [between 2018 and 2020]");
  CHECK(said("from June 2018 to Feb 2019") == "2018-06-01 2019-03-01 [from June 2018 to Feb 2019]");
}

TEST_CASE("time span: counted from today") {
  CHECK(said("what I wrote last year") == "2025-01-01 2026-01-01 [last year]");
  CHECK(said("this month") == "2026-11-01 2026-12-01 [this month]");
  CHECK(said("last month") == "2026-10-01 2026-11-01 [last month]");
  CHECK(said("last week") == "2026-11-16 2026-11-23 [last week]");
  CHECK(said("this week") == "2026-11-23 2026-11-30 [this week]");
  CHECK(said("yesterday") == "2026-11-25 2026-11-26 [yesterday]");
  CHECK(said("in the last 3 months") == "2026-08-26 … [in the last 3 months]");
  CHECK(said("over the past 10 days") == "2026-11-16 … [over the past 10 days]");
  CHECK(said("past 2 years") == "2024-11-26 … [past 2 years]");
  // The 31st of a shorter month is its last day.
  CHECK(format_time(find_time_span("last 1 month", parse_time("2026-03-31T08:00:00Z").value())->from).substr(0, 10) ==
        "2026-02-28");
}

TEST_CASE("time span: Korean") {
  CHECK(said("2021년에 쓴 글") == "2021-01-01 2022-01-01 [2021년에]");
  CHECK(said("2021년 3월에 올린 글") == "2021-03-01 2021-04-01 [2021년 3월에]");
  CHECK(said("2020년 이후 글") == "2020-01-01 … [2020년 이후]");
  CHECK(said("2020년 이전에 쓴") == "… 2020-01-01 [2020년 이전에]");
  CHECK(said("2020년까지 쓴") == "… 2021-01-01 [2020년까지]");
  CHECK(said("2018년부터 2020년 6월까지 쓴 글") == "2018-01-01 2020-07-01 [2018년부터 2020년 6월까지]");
  CHECK(said("작년에 쓴 글") == "2025-01-01 2026-01-01 [작년에]");
  CHECK(said("재작년 글") == "2024-01-01 2025-01-01 [재작년]");
  CHECK(said("지난달에 올린 글") == "2026-10-01 2026-11-01 [지난달에]");
  CHECK(said("최근 3개월간 글") == "2026-08-26 … [최근 3개월간]");
  CHECK(said("지난 2주 동안 쓴 글") == "2026-11-12 … [지난 2주 동안]");
  CHECK(said("어제 쓴 글") == "2026-11-25 2026-11-26 [어제]");
}

TEST_CASE("time span: what says no time") {
  for (const char* text : {"", "version 2021", "in 1812", "port 2020", "2021", "2021년 13월", "lastyear", "in 20215",
                           "between 2020 and 2018", "\xFF\xFE in", "every year"}) {
    CHECK_MESSAGE(said(text) == "none", text);
  }
}

}  // namespace twin::inference
