#include <doctest/doctest.h>

#include "feature/clean/charset.h"
#include "feature/clean/clean.h"

using namespace twin;
using namespace twin::feature;

namespace {
const std::string korean_cp949 = "\xBE\xC8\xB3\xE7\xC7\xCF\xBC\xBC\xBF\xE4. \xC7\xD1\xB1\xDB";  // 안녕하세요. 한글
const std::string korean_utf8 = "안녕하세요. 한글";
}  // namespace

TEST_CASE("encodings") {
  CHECK(decode("plain")->text == "plain");
  CHECK(decode("\xEF\xBB\xBFwith mark")->text == "with mark");
  CHECK(decode(std::string_view("\xFF\xFEh\0i\0", 6))->text == "hi");
  CHECK(decode(std::string_view("\xFE\xFF\xD5\x5C", 4))->text == "한");
  CHECK(decode(korean_cp949, "EUC-KR")->text == korean_utf8);
  CHECK(decode(korean_cp949, "ks_c_5601-1987")->charset == "cp949");
  CHECK(decode("\x8C\x63\xB9\xE6\xB0\xA2\xC7\xCF", "euc-kr")->text == "똠방각하");  // 똠 is in CP949 only
  CHECK(decode("caf\xE9", "iso-8859-1")->text == "café");
  CHECK(decode("\x93quoted\x94", "iso-8859-1")->text == "“quoted”");  // as browsers do: Windows-1252
  CHECK(decode("\x82\xB1\x82\xF1", "Shift_JIS")->text == "こん");
}

TEST_CASE("wrong and missing declarations") {
  CHECK(decode(korean_utf8, "euc-kr")->text == korean_utf8);  // valid UTF-8 is UTF-8
  CHECK(decode(korean_cp949)->text == korean_utf8);           // undeclared, but clearly Korean
  CHECK(decode(korean_cp949, "no-such-charset")->replaced > 0);
  const auto repaired = decode("ok \xC3\x28 ok", "utf-8");
  CHECK(repaired->text == "ok \xEF\xBF\xBD( ok");
  CHECK(repaired->replaced == 1);
  CHECK(decode("\xC7\xD1\xC7", "euc-kr")->replaced == 1);  // cut in the middle of a character
}

TEST_CASE("declarations are found where they stand") {
  CHECK(declared_charset("<meta charset=\"EUC-KR\">") == "euc-kr");
  CHECK(declared_charset("<META http-equiv=Content-Type content='text/html; charset = cp949'>") == "cp949");
  CHECK(declared_charset("<?xml version='1.0' encoding='euc-kr'?>") == "euc-kr");
  CHECK(declared_charset("<p>the encoding=\"x\" of text</p>") == "");
  CHECK(declared_charset("") == "");
  CHECK(declared_charset("charset=") == "");
}

TEST_CASE("binary data is refused") {
  CHECK(looks_binary(std::string_view("PK\x03\x04\0\0", 6)));
  CHECK(looks_binary("\x01\x02\x03\x04\x05 few letters"));
  CHECK(!looks_binary("text\twith\nlines\r\nand \x1b[1mcolour"));
  const auto out = decode(std::string_view("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16));
  REQUIRE(!out);
  CHECK(out.error().kind == ErrorKind::invalid);
  RawDocument raw;
  raw.url = "file:///x.md";
  raw.media_type = "text/markdown";
  raw.bytes = std::string("\0\0\0", 3);
  CHECK(clean(raw, {}).error().where == "file:///x.md");
}
