#include "core/csv.h"

#include <doctest/doctest.h>

using namespace twin;

namespace {

std::vector<CsvRow> rows(std::string_view text, Result<void>* result = nullptr, const CsvLimits& limits = {}) {
  std::vector<CsvRow> out;
  const auto done = read_csv(
      text,
      [&](CsvRow&& row) {
        out.push_back(std::move(row));
        return true;
      },
      limits);
  if (result != nullptr) *result = done;
  return out;
}

}  // namespace

TEST_CASE("quotes, doubled quotes, commas and line ends inside fields, any line end between rows") {
  const auto out = rows(
      "\xEF\xBB\xBF"
      "Date,Text\r\n2024-01-01,\"한 줄,\n두 줄 \"\"인용\"\"\"\n\nlast, plain ");
  REQUIRE(out.size() == 3);
  CHECK(out[0] == CsvRow{"Date", "Text"});
  CHECK(out[1] == CsvRow{"2024-01-01", "한 줄,\n두 줄 \"인용\""});
  CHECK(out[2] == CsvRow{"last", "plain"});
  CHECK(rows("").empty());
  CHECK(rows("a,,\n").front() == CsvRow{"a", "", ""});
}

TEST_CASE("malformed tables are an error or read as they stand; limits hold") {
  Result<void> result;
  CHECK(rows("a,b\n1,\"never ends\n2,3\n", &result).size() == 1);
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::invalid);
  CHECK(rows("a,he said \"hi\"\n", &result).front() == CsvRow{"a", "he said \"hi\""});
  CHECK(result);
  // Text behind a closing quote: the field goes on, and never ends.
  CHECK(rows("\"a\"x,b\n", &result).empty());
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::invalid);
  rows("1\n2\n3\n", &result, {.max_rows = 2});
  CHECK(result.error().kind == ErrorKind::limit);
  rows(std::string(1000, 'x'), &result, {.max_field_bytes = 100});
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::limit);
  // A last row without a line end is given only when the file ends: the limits hold for it, too.
  CHECK(rows("1\n2\n3", &result, {.max_rows = 2}).size() == 2);
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::limit);
  int seen = 0;
  CHECK(read_csv("1\n2\n3\n", [&](CsvRow&&) { return ++seen < 2; }));
  CHECK(seen == 2);
}
