#include "feature/clean/page_date.h"

#include <doctest/doctest.h>

using namespace twin::feature::html;

namespace {

std::string seen(std::string_view text) {
  const auto date = visible_date(text);
  return date ? date->day : "";
}
std::string machine(std::string_view text) {
  const auto date = machine_date(text);
  return date ? date->day : "";
}

}  // namespace

TEST_CASE("dates for people, in English, Korean and other forms") {
  CHECK(seen("2024. 3. 5.") == "2024-03-05");
  CHECK(seen("2024년 3월 5일") == "2024-03-05");
  CHECK(seen("입력 2024.03.05 10:00") == "2024-03-05");
  CHECK(seen("2024년3월5일") == "2024-03-05");
  CHECK(seen("Posted on March 5, 2024 by M") == "2024-03-05");
  CHECK(seen("Mar. 5th, 2024") == "2024-03-05");
  CHECK(seen("5 March 2024") == "2024-03-05");
  CHECK(seen("5. März 2024, 12:00 Uhr") == "2024-03-05");
  CHECK(seen("5 de marzo de 2024") == "2024-03-05");
  CHECK(seen("05.03.2024") == "2024-03-05");
  CHECK(seen("03/05/2024") == "2024-03-05");
  CHECK(seen("25/03/2024") == "2024-03-25");
  CHECK(seen("2024/03/05") == "2024-03-05");
}

TEST_CASE("what is no date is none") {
  for (const char* text : {"", "3월 5일", "version 2024.13.45", "12345678", "2024. 2. 30.", "call 02-1234-5678",
                           "May the force be with you", "1.2.3", "2024", "99/99/2024"}) {
    CHECK_MESSAGE(seen(text).empty(), text);
  }
}

TEST_CASE("dates for machines keep the day that the page names") {
  CHECK(machine("2024-03-05T00:30:00+09:00") == "2024-03-05");
  CHECK(machine_date("2024-03-05T00:30:00+09:00")->time == machine_date("2024-03-04T15:30:00Z")->time);
  CHECK(machine("2024-03-05 10:00:00 +0900") == "2024-03-05");
  CHECK(machine("20240305") == "2024-03-05");
  CHECK(machine("Tue, 05 Mar 2024 10:00:00 GMT") == "2024-03-05");
  CHECK(machine("yesterday").empty());
}

TEST_CASE("dates in addresses") {
  CHECK(url_date("https://a.org/2024/03/05/title/")->day == "2024-03-05");
  CHECK(url_date("https://a.org/news/2024-03-05-title")->day == "2024-03-05");
  CHECK(url_date("https://a.org/view/20240305/12")->day == "2024-03-05");
  CHECK(!url_date("https://a.org/article/12345678901"));
  CHECK(!url_date("https://a.org/2024/title"));
}
