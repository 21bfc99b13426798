#include "core/text/kiwi.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string>
#include <thread>

#include "core/files.h"
#include "core/text/sentences_gold_for_test.h"
#include "core/text/splitter.h"

using namespace twin;

namespace {

std::shared_ptr<const text::Kiwi> kiwi() {
  const auto loaded = text::Kiwi::shared();
  if (loaded) return *loaded;
  REQUIRE(loaded.error().kind == ErrorKind::not_found);
  MESSAGE("skipped: " << loaded.error().text());
  return nullptr;
}

}  // namespace

TEST_CASE("without Kiwi the message says how to get it, and only auto does without") {
  const TempFolder folder;
  const auto none = text::Kiwi::load(folder.path());
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().kind == ErrorKind::not_found);
  CHECK(none.error().hint.find("setup.sh kiwi") != std::string::npos);
  REQUIRE(disk().write(folder.path() / "libkiwi.so", "no library"));
  REQUIRE(disk().write(folder.path() / "model" / "x", ""));
  CHECK(text::Kiwi::load(folder.path()).error().kind == ErrorKind::invalid);
  CHECK(text::sentence_splitter("free").value().version.starts_with("free-"));
  CHECK(text::sentence_splitter("auto").has_value());
  CHECK(text::sentence_splitter("kiwi").has_value() == text::Kiwi::shared().has_value());
  CHECK(text::sentence_splitter("best").error().kind == ErrorKind::usage);
}

TEST_CASE("morphemes lie where they stand in the text") {
  const auto model = kiwi();
  if (!model) return;
  const std::string text = "🙂 데이터베이스를 설치했다. Debian 12에서 썼어요!";
  const auto morphemes = model->morphemes(text);
  REQUIRE(morphemes);
  const auto found = [&](const char* form, const char* tag) {
    return std::find_if(morphemes->begin(), morphemes->end(),
                        [&](const text::Morpheme& m) { return m.form == form && m.tag == tag; });
  };
  const auto noun = found("데이터베이스", "NNG");
  REQUIRE(noun != morphemes->end());
  CHECK(text.substr(noun->span.start, noun->span.end - noun->span.start) == "데이터베이스");
  CHECK(text::is_content(*noun));
  const auto particle = found("를", "JKO");
  REQUIRE(particle != morphemes->end());
  CHECK(!text::is_content(*particle));
  CHECK(particle->word == noun->word);
  const auto foreign = found("Debian", "SL");
  REQUIRE(foreign != morphemes->end());
  CHECK(foreign->sentence == noun->sentence + 1);
  CHECK(text.substr(foreign->span.start, foreign->span.end - foreign->span.start) == "Debian");
  CHECK(model->morphemes("")->empty());
  CHECK(!model->morphemes(std::string("가\0나", 7))->empty());
}

TEST_CASE("several threads share one") {
  const auto model = kiwi();
  if (!model) return;
  const auto expected = model->morphemes("여러 스레드가 함께 쓴다. 결과는 같아야 한다.")->size();
  std::vector<std::thread> threads;
  std::array<std::size_t, 4> sizes{};
  threads.reserve(sizes.size());
  for (std::size_t& size : sizes) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) size = model->morphemes("여러 스레드가 함께 쓴다. 결과는 같아야 한다.")->size();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::size_t size : sizes) CHECK(size == expected);
}

TEST_CASE("Kiwi's sentences hold every character that is no space, in order") {
  const auto model = kiwi();
  if (!model) return;
  for (const std::string text :
       {"안녕하세요 ㅋㅋ 오늘은 좋네요~ 그쵸?\n- 하나\n\n“네. 아니요.” 끝 ㅠㅠ", "…!? (.) \"", "A b. C"}) {
    const auto spans = model->sentences(text);
    REQUIRE(spans);
    std::string joined, solid;
    std::size_t last = 0;
    for (const text::Span& span : *spans) {
      CHECK(span.start >= last);
      CHECK(span.end > span.start);
      last = span.end;
      joined += text.substr(span.start, span.end - span.start);
    }
    const auto squeeze = [](std::string s) {
      std::erase_if(s, [](char c) { return c == ' ' || c == '\n'; });
      return s;
    };
    CHECK(squeeze(joined) == squeeze(text));
  }
}

TEST_CASE("Korean sentences of several styles, F1 with Kiwi") {
  const auto model = kiwi();
  if (!model) return;
  const std::filesystem::path root = std::filesystem::path(TWIN_SOURCE_DIR) / "tests/data/sentences-ko";
  for (const char* part : {"tune", "held-out"}) {
    text::testing::Score all;
    for (const char* style : {"blog", "report", "dialogue", "technical", "spoken", "news"}) {
      text::testing::Score score;
      for (const auto& gold : text::testing::read_gold(root / part / (std::string(style) + ".txt"))) {
        const auto spans = model->sentences(gold.text);
        REQUIRE(spans);
        score.add(gold, *spans);
        all.add(gold, *spans);
      }
      MESSAGE(std::string(part) << " " << std::string(style) << ": F1 " << score.f1() << " of " << score.gold);
    }
    MESSAGE(std::string(part) << " with Kiwi: F1 " << all.f1() << " of " << all.gold);
    CHECK(all.f1() >= 0.90);
  }
}
