#include "core/text/graphemes.h"

#include <doctest/doctest.h>

#include <string>

using namespace twin;

TEST_CASE("characters as a reader sees them") {
  const auto length = [](const std::string& text, std::size_t at = 0) { return text::grapheme_end(text, at) - at; };
  CHECK(length("ab") == 1);
  CHECK(length("가나") == 3);
  CHECK(length("e\u0301x") == 3);
  CHECK(length("\u1112\u1161\u11ABx") == 9);  // 한, decomposed
  CHECK(length("👩‍👩‍👧!") == 18);
  CHECK(length("🇰🇷🇯🇵") == 8);
  CHECK(length("\r\nx") == 2);
  CHECK(length("x👍🏽y", 1) == 8);
  CHECK(length("\xFFz") == 1);
  std::string marks = "e";
  for (int i = 0; i < 1000; ++i) marks += "\u0301";
  CHECK(length(marks) == 2001);
  CHECK(text::grapheme_end(marks, 0, 10) >= 10);
  CHECK(text::grapheme_end(marks, 0, 10) < 20);
}
