#include "core/text/unicode.h"

#include <doctest/doctest.h>
#include <utf8proc.h>

#include <array>
#include <cstdlib>

#include "core/text/scan.h"

using namespace twin;
using namespace twin::text;

TEST_CASE("a bad byte does no harm: it becomes U+FFFD") {
  CHECK(text::fold("\xFF ABC") == "\uFFFD abc");
  CHECK(text::nfc("e\u0301\xE3\x81") == "é\uFFFD");
  const std::string bytes = "a\xED\xA0\x80\xF0\x9F가";
  const auto points = text::codepoints(bytes);
  CHECK(points.front().value == U'a');
  CHECK(points.back().value == U'가');
  std::size_t at = 0;
  for (const auto& point : points) {
    CHECK(point.offset == at);
    at += point.length;
  }
  CHECK(at == bytes.size());
  CHECK(points.size() == text::codepoints(text::repair_utf8(bytes)).size());
}

TEST_CASE("invalid UTF-8 is found at its first byte") {
  CHECK(first_invalid_utf8("") == std::string_view::npos);
  CHECK(first_invalid_utf8("plain, 한글, \U0001F600") == std::string_view::npos);
  CHECK(first_invalid_utf8("ab\xff") == 2);
  CHECK(first_invalid_utf8("\xc0\xaf") == 0);          // overlong
  CHECK(first_invalid_utf8("x\xed\xa0\x80") == 1);     // surrogate
  CHECK(first_invalid_utf8("\xf4\x90\x80\x80") == 0);  // above U+10FFFF
  CHECK(first_invalid_utf8("한\xea\xb0") == 3);        // cut short
}

TEST_CASE("each broken sequence becomes one replacement character") {
  std::size_t replaced = 9;
  CHECK(repair_utf8("좋다", &replaced) == "좋다");
  CHECK(replaced == 0);
  // The example of the Unicode standard, table 3-8.
  CHECK(repair_utf8("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64", &replaced) ==
        "a\uFFFD\uFFFD\uFFFD"
        "b\uFFFD"
        "c\uFFFD\uFFFD"
        "d");
  CHECK(replaced == 6);
  CHECK(first_invalid_utf8(repair_utf8("\xff\xfe\xed\xbf\xbf\xf0\x9f")) == std::string_view::npos);
}

TEST_CASE("normalization composes Hangul and accents") {
  CHECK(nfc("\u1112\u1161\u11ab") == "한");
  CHECK(nfc("e\u0301") == "é");
  CHECK(nfc("") == "");
  CHECK(fold("STRASSE Ünïcödé 한글") == "strasse ünïcödé 한글");
  CHECK(fold("ß") == "ss");
  CHECK(nfc(std::string_view("a\0b", 3)) == std::string_view("a\0b", 3));
}

TEST_CASE("code points know their bytes") {
  const auto points = codepoints("a한\U0001F600");
  REQUIRE(points.size() == 3);
  CHECK(points[1].value == U'한');
  CHECK(points[1].offset == 1);
  CHECK(points[1].length == 3);
  CHECK(points[2].offset == 4);
  CHECK(points[2].length == 4);
}

TEST_CASE("kinds of characters") {
  CHECK(is_hangul(U'한'));
  CHECK(is_hangul(U'ㅋ'));
  CHECK(!is_hangul(U'漢'));
  CHECK(is_cjk(U'漢'));
  CHECK(is_cjk(U'ひ'));
  CHECK(!is_cjk(U'한'));
  CHECK(is_letter(U'é'));
  CHECK(!is_letter(U'1'));
  CHECK(is_digit(U'٣'));
  CHECK(is_upper(U'É'));
  CHECK(is_lower(U'ß'));
  CHECK(is_space(U'\u3000'));
  CHECK(!is_space(U'x'));
}

TEST_CASE("language by the share of Hangul") {
  CHECK(hangul_share("") == 0);
  CHECK(hangul_share("123 !") == 0);
  CHECK(hangul_share("한글ab") == doctest::Approx(0.5));
  CHECK(guess_language("") == "en");
  CHECK(guess_language("The Debian handbook") == "en");
  CHECK(guess_language("Docker 컨테이너를 빌드해 보자") == "ko");
}

TEST_CASE("clipping never cuts a character") {
  CHECK(clip("한글", 6) == "한글");
  CHECK(clip("한글", 5) == "한");
  CHECK(clip("한글", 2) == "");
  CHECK(clip("abc", 0) == "");
  CHECK(clip_columns("한글ab", 5) == "한글a");
  CHECK(clip_columns("한글", 3) == "한");
}

TEST_CASE("trim and split") {
  CHECK(trim(" \t a b\n") == "a b");
  CHECK(trim(" \n") == "");
  CHECK(split("a,b,,c", ',') == std::vector<std::string_view>{"a", "b", "", "c"});
  CHECK(split("", ',') == std::vector<std::string_view>{""});
}

TEST_CASE("the nearest word is near or none") {
  const std::vector<std::string> known = {"max_tokens", "overlap", "name"};
  CHECK(nearest("max_token", known) == "max_tokens");
  CHECK(nearest("naem", known) == "name");
  CHECK(nearest("maxtokens", known) == "max_tokens");
  CHECK(nearest("completely", known) == "");
  CHECK(nearest("x", {}) == "");
  CHECK(nearest(std::string(100'000, 'x'), known) == "");
}

TEST_CASE("the short way to NFC says the same as the long one") {
  // Every character alone and after a letter, a syllable and a kana, where combining ones would join.
  for (char32_t c = 0x80; c < 0x20000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    utf8proc_uint8_t bytes[4];
    const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), bytes);
    const std::string one(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    for (const std::string before : {"", "a", "가", "か"}) {
      const std::string text = before + one;
      // A combining mark at the end (U+0301, which no short way knows) forces the long one.
      const std::string forced = text::nfc(text + "\n\xCC\x81");
      const std::string short_way = text::nfc(text);
      if (forced.substr(0, forced.size() - 3) != short_way)
        FAIL_CHECK("U+", static_cast<unsigned>(c), " after ", before);
    }
  }
}

TEST_CASE("every code point is read as the library reads it, and told apart alike by the shorter ways") {
  std::string all;
  std::vector<char32_t> expected;
  for (char32_t c = 1; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::array<utf8proc_uint8_t, 4> bytes{};
    const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), bytes.data());
    all.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size));
    expected.push_back(c);
  }
  CHECK(first_invalid_utf8(all) == std::string::npos);
  const auto points = codepoints(all);
  REQUIRE(points.size() == expected.size());
  int wrong = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const char32_t c = points[i].value;
    wrong += c != expected[i] || codepoint_at(all, points[i].offset).value != c ? 1 : 0;
    wrong += scans_letter(c) != is_letter(c) || scans_space(c) != is_space(c) ? 1 : 0;
  }
  CHECK(wrong == 0);
}

TEST_CASE("the short way to NFC takes only what is NFC") {
  const auto slow = [](const std::string& text) {
    utf8proc_uint8_t* raw = utf8proc_NFC(reinterpret_cast<const utf8proc_uint8_t*>(text.c_str()));
    std::string out(reinterpret_cast<const char*>(raw));
    std::free(raw);
    return out;
  };
  for (const std::string before : {"", "가", "e", "か", "히"}) {
    int wrong = 0;
    for (char32_t c = 1; c <= 0xFFFF; ++c) {
      if (c >= 0xD800 && c <= 0xDFFF) continue;
      std::array<utf8proc_uint8_t, 4> bytes{};
      const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), bytes.data());
      const std::string text =
          before + std::string(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size));
      wrong += nfc(text) != slow(text) ? 1 : 0;
    }
    CHECK_MESSAGE(wrong == 0, before);
  }
}
