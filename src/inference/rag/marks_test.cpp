#include "inference/rag/marks.h"

#include <doctest/doctest.h>

using namespace twin::inference;

namespace {
std::vector<int> numbers(const Unmarked& unmarked) {
  std::vector<int> all;
  for (const Mark& mark : unmarked.marks) all.insert(all.end(), mark.numbers.begin(), mark.numbers.end());
  return all;
}
}  // namespace

TEST_CASE("marks are taken out with the blank before them") {
  const auto one = take_marks("Use apt [1]. Then reboot. [2, 3] Done [4][5].");
  CHECK(one.text == "Use apt. Then reboot. Done.");
  CHECK(numbers(one) == std::vector<int>{1, 2, 3, 4, 5});
  CHECK(one.marks[0].offset == 7);
  CHECK(take_marks("[1]").text.empty());
}

TEST_CASE("what is no mark stays") {
  for (const char* text :
       {"in [2019]", "[1](https://example.org)", "[1]: https://example.org", "[a]", "[]", "[1", "[ ]", "[1;2]", "[-1]",
        "[99999999999999999999]", "`x[1]`", "```\na[1] = 2\n```", "```\na[1]"}) {
    CAPTURE(text);
    CHECK(take_marks(text).text == text);
    CHECK(take_marks(text).marks.empty());
  }
}

TEST_CASE("a lone backtick does not hide marks") {
  CHECK(take_marks("it`s so [1].").text == "it`s so.");
}

TEST_CASE("no mark goes into code or behind a heading") {
  const std::string text = "# Title\nRun `a. b` now.\n```\nx = 1.\n```\nEnd.";
  const auto at = [&](std::string_view part) {
    const std::size_t start = text.find(part);
    return twin::text::Span{start, start + part.size()};
  };
  CHECK_FALSE(markable(text, at("# Title")));
  CHECK_FALSE(markable(text, at("Run `a.")));
  CHECK(markable(text, at("Run `a. b` now.")));
  CHECK_FALSE(markable(text, at("x = 1.")));
  CHECK(markable(text, at("End.")));
}
