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
  CHECK(decode(korean_cp949, "no-such-charset")->text == korean_utf8);
  const auto repaired = decode("ok \xC3\x28 ok", "utf-8");
  CHECK(repaired->text == "ok \xEF\xBF\xBD( ok");
  CHECK(repaired->replaced == 1);
  CHECK(decode("\xC7\xD1\xC7", "euc-kr")->replaced == 1);  // cut in the middle of a character
}

TEST_CASE("when header, document and bytes disagree, the bytes decide") {
  // Servers that send one charset for all: the page's own word, or what the bytes are.
  CHECK(decode(korean_cp949, "utf-8", "euc-kr")->text == korean_utf8);
  CHECK(decode(korean_cp949, "iso-8859-1", "euc-kr")->text == korean_utf8);
  CHECK(decode(korean_cp949, "utf-8")->text == korean_utf8);
  CHECK(decode(korean_cp949, "iso-8859-1")->text == korean_utf8);
  CHECK(decode(korean_cp949, "utf-8", "utf-8")->charset == "cp949");
  CHECK(decode("caf\xE9 r\xE9sum\xE9", "utf-8", "iso-8859-1")->text == "café résumé");
  CHECK(decode("caf\xE9 r\xE9sum\xE9", "euc-kr", "iso-8859-1")->text == "café résumé");
  // UTF-8 with a broken byte stays UTF-8, whatever else is said.
  const auto broken = decode(korean_utf8 + korean_utf8 + "\xFF" + korean_utf8, "euc-kr-ish");
  CHECK(broken->charset == "utf-8");
  CHECK(broken->replaced == 1);
  for (const char* label : {"EUC-KR", "euc_kr", "ms949", "cp949", " UHC ", "windows-949", "ksc5601", "korean"}) {
    CAPTURE(label);
    CHECK(decode(korean_cp949, label)->charset == "cp949");
  }
  // A text cut within its last character is Korean all the same.
  std::string longer;
  for (int i = 0; i < 20; ++i) longer += korean_cp949;
  CHECK(decode(longer.substr(0, longer.size() - 1))->charset == "cp949");
}

TEST_CASE("UTF-16 without a byte order mark, with broken pairs, and UTF-32") {
  const auto utf16 = [](std::u16string_view text, bool big) {
    std::string out;
    for (const char16_t c : text) {
      const char high = static_cast<char>(c >> 8), low = static_cast<char>(c & 0xff);
      out += big ? high : low;
      out += big ? low : high;
    }
    return out;
  };
  const std::u16string_view page = u"<p>안녕하세요, 한글 page 𝄞</p><p>and some more</p>";
  const std::string expected = "<p>안녕하세요, 한글 page 𝄞</p><p>and some more</p>";
  for (const bool big : {false, true}) {
    CAPTURE(big);
    const std::string mark = big ? "\xFE\xFF" : "\xFF\xFE";
    CHECK(decode(utf16(page, big))->text == expected);
    CHECK(decode(utf16(page, big), "utf-8")->charset == (big ? "utf-16be" : "utf-16le"));
    CHECK(decode(mark + utf16(page, big))->text == expected);
    CHECK(!looks_binary(utf16(page, big)));
    // Half a surrogate pair costs itself, and the rest stays in step; so does half a character at the end.
    const std::u16string half = {u'a', char16_t{0xD800}, u'b', u'한'};
    const auto out = decode(mark + utf16(half, big) + "x").value();
    CHECK(out.text ==
          "a\xEF\xBF\xBD"
          "b한\xEF\xBF\xBD");
    CHECK(out.replaced == 2);
  }
  CHECK(decode(std::string_view("\xFF\xFE\0\0\x5C\xD5\0\0", 8))->text == "한");
  CHECK(decode(std::string_view("\0\0\xFE\xFF\0\0\xD5\x5C", 8))->text == "한");
  CHECK(decode("<meta charset=utf-16>한", "utf-16")->text == "<meta charset=utf-16>한");  // as HTML says: UTF-8
}

TEST_CASE("names of encodings that no browser reads do not get as far as iconv") {
  for (const char* label : {"utf-7", "ibm037", "../../tmp/x", "euc-kr//translit", "iso-2022-cn-ext", "\xff\xfe", ""}) {
    CAPTURE(label);
    const auto out = decode("\xE1\xE2 text", label).value();
    CHECK(out.charset == "utf-8");
    CHECK(out.replaced > 0);
  }
  CHECK(decode("\x1b$)C\x0e\x47\x51\x0f", "iso-2022-kr")->text == "한");
}

TEST_CASE("declarations are found where they stand") {
  CHECK(declared_charset("<!-- <meta charset=big5> --><script charset=utf-8></script><meta charset=euc-kr>") ==
        "euc-kr");
  CHECK(declared_charset("<meta name=x content='no charset here'><meta charset='cp949'/>") == "cp949");
  CHECK(declared_charset("<!-- never closed <meta charset=big5>") == "");
  CHECK(declared_charset("  <?xml version=\"1.0\" encoding = \"EUC-KR\" ?>") == "euc-kr");
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
