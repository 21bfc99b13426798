#include "stores/index/tokenizer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>

#include "core/text/unicode.h"
#include "stores/index/tokenizer_tier.h"

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

/// Knows one word: 플랫폼, a noun, and 을 after it.
class FakeKiwi final : public text::Kiwi {
 public:
  [[nodiscard]] Result<std::vector<text::Span>> sentences(std::string_view) const override { return {}; }
  [[nodiscard]] Result<std::vector<text::Morpheme>> morphemes(std::string_view utf8) const override {
    lines_.emplace_back(utf8);
    std::vector<text::Morpheme> found;
    for (auto at = utf8.find("플랫폼"); at != std::string_view::npos; at = utf8.find("플랫폼", at + 1)) {
      found.push_back({"플랫폼", "NNG", {at, at + 9}, 0, 0});
      if (utf8.substr(at + 9).starts_with("을")) found.push_back({"을", "JKO", {at + 9, at + 12}, 0, 0});
    }
    return found;
  }
  [[nodiscard]] std::string version() const override { return "0"; }
  mutable Texts lines_;
};

}  // namespace

TEST_CASE("tokenizer: with Kiwi, Hangul becomes its content morphemes, and the rest is as without") {
  const auto kiwi = std::make_shared<FakeKiwi>();
  Tokenizer tokenizer(kiwi);
  Texts found;
  const std::string text = "첫 줄 snake_case\nNFD: \u1111\u1173\u11af랫폼을 쓰는 플랫폼 中文 " + std::string(9000, 'x');
  tokenizer.tokenize(text, Tokenizer::Purpose::document,
                     [&](const Token& t) { found.push_back((t.colocated ? "=" : "") + std::string(t.text)); });
  std::string joined_tokens;
  for (std::size_t i = 0; i < 11; ++i) joined_tokens += found.at(i) + "|";
  CHECK(joined_tokens == "첫|줄|snake|=snake_case|case|nfd|플랫폼|쓰는|플랫폼|中文|=中|");
  CHECK(query_tokens("플랫폼을 플랫폼", kiwi) == Texts{"플랫폼"});
  // Bytes that are no text end nothing.
  tokenizer.tokenize("\xFF\xED\xA0 플랫폼", Tokenizer::Purpose::query,
                     [&](const Token& t) { CHECK(t.text == "플랫폼"); });
  // Latin lines are not analysed at all; long ones are cut.
  for (const std::string& line : kiwi->lines_) CHECK(line.size() <= 8192);
}

TEST_CASE("tokenizer: the tier is part of an index's identity") {
  CHECK(tokenizer_tier("bigrams").identity() != TokenizerTier{"morphemes", std::make_shared<FakeKiwi>()}.identity());
  CHECK(tokenizer_tier("bigrams").kiwi == nullptr);
  CHECK_THROWS_AS((void)tokenizer_tier("words"), Fatal);
  CHECK_NOTHROW((void)tokenizer_tier("auto"));
}

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
