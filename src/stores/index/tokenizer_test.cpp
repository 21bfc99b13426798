#include "stores/index/tokenizer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>

#include "core/text/unicode.h"

using namespace twin;
using namespace twin::stores;

namespace {

using Texts = std::vector<std::string>;

Texts tokens(std::string_view text, Tokenizer::Purpose purpose = Tokenizer::Purpose::document) {
  Texts result;
  Tokenizer().tokenize(text, purpose,
                       [&](const Token& t) { result.push_back((t.colocated ? "=" : "") + std::string(t.text)); });
  return result;
}

// "a|=b|c", readable when a check fails.
std::string joined(std::string_view text) {
  std::string result;
  for (const auto& token : tokens(text)) result += (result.empty() ? "" : "|") + token;
  return result;
}

// Whether every query token is in the document.
bool finds(std::string_view document, std::string_view query) {
  std::set<std::string> words;
  Tokenizer().tokenize(document, Tokenizer::Purpose::document, [&](const Token& t) { words.emplace(t.text); });
  const auto wanted = query_tokens(query);
  return !wanted.empty() &&
         std::all_of(wanted.begin(), wanted.end(), [&](const std::string& w) { return words.contains(w); });
}

}  // namespace

TEST_CASE("tokenizer: Hangul runs are bigrams, a run of one is a unigram") {
  CHECK(tokens("플랫폼을") == Texts{"플랫", "=플", "랫폼", "폼을"});
  CHECK(tokens("플랫폼을", Tokenizer::Purpose::query) == Texts{"플랫", "랫폼", "폼을"});
  CHECK(tokens("글 쓰기") == Texts{"글", "쓰기", "=쓰"});
  CHECK(tokens("글 쓰기", Tokenizer::Purpose::query) == Texts{"글", "쓰기"});
}

TEST_CASE("tokenizer: a Korean word is found under its particles") {
  CHECK(finds("플랫폼을 만든다", "플랫폼"));
  CHECK(finds("그 책을 읽었다", "책"));
  CHECK(finds("생성에 대하여", "생성"));
  CHECK(finds("Debian은 배포판이다", "debian 배포판"));
  CHECK(finds("데비안(Debian)을 설치", "데비안 Debian"));
  CHECK_FALSE(finds("플랫폼을 만든다", "플래폼"));
}

TEST_CASE("tokenizer: decomposed text is the same as composed") {
  const std::string composed = "플랫폼 café";
  const std::string decomposed = "\u1111\u1173\u11AF\u1105\u1162\u11BA\u1111\u1169\u11B7 cafe\u0301";
  REQUIRE(text::nfc(decomposed) == composed);
  CHECK(tokens(decomposed) == tokens(composed));
  CHECK(finds(decomposed, "플랫폼"));
  std::vector<std::pair<std::size_t, std::size_t>> spans;
  Tokenizer().tokenize(decomposed, Tokenizer::Purpose::query,
                       [&](const Token& t) { spans.emplace_back(t.start, t.end); });
  REQUIRE(spans.size() == 4);
  CHECK(spans[0] == std::pair<std::size_t, std::size_t>{0, 18});
  CHECK(decomposed.substr(spans[1].first, spans[1].second - spans[1].first) == decomposed.substr(9, 18));
  CHECK(decomposed.substr(spans[2].first, spans[2].second - spans[2].first) == "cafe\u0301");
}

TEST_CASE("tokenizer: Han and Kana runs are bigrams") {
  CHECK(tokens("東京都に", Tokenizer::Purpose::query) == Texts{"東京", "京都", "都に"});
  CHECK(tokens("山") == Texts{"山"});
  CHECK(tokens("漢字한글", Tokenizer::Purpose::query) == Texts{"漢字", "한글"});
}

TEST_CASE("tokenizer: English words are folded and stemmed") {
  CHECK(tokens("Installing the PACKAGES") == Texts{"instal", "the", "packag"});
  CHECK(finds("He was running several services", "run service"));
  CHECK(finds("Hertzog's book", "hertzog books"));
  CHECK(tokens("don’t") == tokens("don't"));
  CHECK(finds("STRASSE", "straße"));
}

TEST_CASE("tokenizer: accents may be left out of a query") {
  CHECK(tokens("Raphaël") == Texts{"raphaël", "=raphael"});
  CHECK(finds("Raphaël", "Raphael"));
  CHECK(finds("naïve", "naive"));
  CHECK(tokens("Привет") == Texts{"привет"});
}

TEST_CASE("tokenizer: identifiers are kept whole and in parts") {
  CHECK(joined("apt-get") == "apt|=apt-get|get");
  CHECK(joined("sources.list") == "sourc|=sources.list|list");
  CHECK(joined("getUserName") == "get|=getusernam|user|name");
  CHECK(joined("HTTPServer") == "http|=httpserver|server");
  CHECK(joined("snake_case_name") == "snake|=snake_case_name|case|name");
  CHECK(joined("utf8") == "utf|=utf8|8");
  CHECK(finds("/etc/apt/sources.list.d/", "sources.list.d"));
  CHECK(finds("/etc/apt/sources.list.d/", "etc apt sources list"));
  CHECK(finds("written in C++ and C#.", "c++"));
  CHECK(finds("written in C++ and C#.", "C#"));
  CHECK(finds("run `apt-get --no-install-recommends`", "no-install-recommends"));
  CHECK(finds("std::unique_ptr<T>", "unique_ptr"));
}

TEST_CASE("tokenizer: numbers and versions") {
  CHECK(tokens("42") == Texts{"42"});
  CHECK(tokens("3.14") == Texts{"3", "=3.14", "14"});
  CHECK(finds("Debian 12.5 released", "12.5"));
  CHECK(finds("kernel 2.6.32-5-amd64", "2.6.32-5-amd64"));
}

TEST_CASE("tokenizer: a long mixture of letters and digits is one word") {
  const std::string hash = "3f2a9c81b7d04e6f5a";
  CHECK(tokens(hash) == Texts{hash});
}

TEST_CASE("tokenizer: text without words has no tokens") {
  for (const char* text : {"", " \t\r\n", "!?… — «»", "\xF0\x9F\x90\xA7", "'", "--", "...", "++"})
    CHECK(tokens(text).empty());
  CHECK(query_tokens("").empty());
}

TEST_CASE("tokenizer: query tokens are distinct, in order") {
  CHECK(query_tokens("b a b B 가나 가나") == Texts{"b", "a", "가나"});
}

TEST_CASE("tokenizer: any bytes are safe, and offsets are within them on characters' borders") {
  static const Texts kPieces = {"플랫",
                                "폼",
                                "a",
                                "Z",
                                "9",
                                "_",
                                "-",
                                ".",
                                "'",
                                "+",
                                "#",
                                " ",
                                "\n",
                                "é",
                                "e\u0301",
                                "\u1111",
                                "\u1173",
                                "\u11AF",
                                "山",
                                "ー",
                                "\xFF",
                                "\xED\xA0\x80",
                                "\xE2\x82",
                                "\u0301",
                                "İ",
                                "ß",
                                "\xF0\x9F\x90\xA7",
                                std::string(1, '\0'),
                                "ㅋ",
                                "\u2019"};
  std::mt19937 random(3);
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    const auto pieces = random() % 30;
    for (unsigned i = 0; i < pieces; ++i) text += kPieces[random() % kPieces.size()];
    const bool valid = text::first_invalid_utf8(text) == std::string::npos;
    bool first = true;
    Tokenizer().tokenize(text, Tokenizer::Purpose::document, [&](const Token& t) {
      CHECK_FALSE((first && t.colocated));
      first = false;
      REQUIRE(t.start < t.end);
      REQUIRE(t.end <= text.size());
      REQUIRE_FALSE(t.text.empty());
      REQUIRE(text::first_invalid_utf8(t.text) == std::string::npos);
      if (valid) REQUIRE(text::first_invalid_utf8(text.substr(t.start, t.end - t.start)) == std::string::npos);
    });
    if (!query_tokens(text).empty()) CHECK_MESSAGE(finds(text, text), text);
  }
}

TEST_CASE("tokenizer: text without white space is cut, not kept whole in memory, and long tokens are clipped") {
  std::string text;
  while (text.size() < 1'000'000) text += "가나다라마바사아자차카타파하";
  std::size_t count = 0;
  Tokenizer().tokenize(text, Tokenizer::Purpose::query, [&](const Token&) { ++count; });
  CHECK(count > text.size() / 3 - 1000);
  const std::string blob(10'000, 'x');
  for (const auto& token : tokens(blob)) CHECK(token.size() <= 96);
  CHECK(finds(blob, blob));
}
