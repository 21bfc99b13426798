#include "models/engines/hangul.h"

#include <doctest/doctest.h>

using twin::models::decompose_hangul;

TEST_CASE("syllables become jamo, the rest stays") {
  CHECK(decompose_hangul("가") == "\u1100\u1161");
  CHECK(decompose_hangul("각힣") == "\u1100\u1161\u11A8\u1112\u1175\u11C2");
  CHECK(decompose_hangul("a 한 é 漢") == "a \u1112\u1161\u11AB é 漢");
  CHECK(decompose_hangul("ㅋㅋ") == "ㅋㅋ");  // compatibility jamo have no canonical decomposition
  CHECK(decompose_hangul("").empty());
}

TEST_CASE("invalid UTF-8 is left alone") {
  CHECK(decompose_hangul("\xed\xa0") == "\xed\xa0");
}
