#include "feature/overlap/decontaminate.h"

#include <doctest/doctest.h>

#include <fstream>

#include "core/files.h"
#include "core/text/unicode.h"

namespace twin::feature {
namespace {

const std::string kPassage =
    "The baker mixes flour and water in the evening, lets the dough rest for twelve hours, and bakes it at dawn.";
const std::string kKorean =
    "저녁에 밀가루와 물을 섞어 반죽을 만들고 열두 시간 동안 그대로 두었다가 새벽에 오븐에 넣어 굽는다.";

std::size_t matches(int words, const std::string& held_out, const std::string& text) {
  NgramTable table(words);
  table.add(held_out, 0);
  std::vector<NgramMatch> found;
  table.find(text, 1000, found);
  return found.size();
}

std::filesystem::path write_lines(const TempFolder& folder, const std::string& lines) {
  auto file = folder.path() / "bench.jsonl";
  std::ofstream(file, std::ios::binary) << lines;
  return file;
}

TEST_CASE("overlap: n-grams of English are words, whatever their case and punctuation") {
  CHECK(matches(13, kPassage,
                "He wrote: THE BAKER mixes flour -- and water -- in the evening; lets the dough rest...") > 0);
  const std::string twelve = "The baker mixes flour and water in the evening, lets the dough";
  CHECK(matches(13, kPassage, twelve + " rise instead") == 0);
  CHECK(matches(13, kPassage, twelve + " rest") == 1);
  CHECK(matches(12, kPassage, twelve) == 1);
  CHECK(matches(5, "Don\u2019t panic about it now", "don't PANIC about it now!") == 1);
  CHECK(matches(3, "Ängste überall heute", "ängste ÜBERALL heute") == 1);
}

TEST_CASE("overlap: two syllables of Korean are a word, and spacing does not matter") {
  std::string unspaced;
  for (const char c : kKorean) {
    if (c != ' ') unspaced += c;
  }
  CHECK(matches(13, kKorean, unspaced) > 0);
  CHECK(matches(13, kKorean, "앞에 다른 말이 있고 " + kKorean) > 0);
  const std::string start = "저녁에 밀가루와 물을 섞어 반죽을 만들고 열두 시간 동안";  // 23 syllables
  CHECK(matches(13, kKorean, start + " 기다린다") == 0);
  CHECK(matches(12, kKorean, start + " 그") == 1);
  CHECK(matches(13, kKorean, start + " 그대") == 0);
  CHECK(matches(13, kKorean, start + " 그대로") == 1);
  CHECK_MESSAGE(matches(13, "\u1112\u1161\u11AB\u1100\u1173\u11AF 이 " + kKorean, "한글이 " + kKorean) > 0,
                "conjoining jamo are the same syllables");
  // Mixed: five words and sixteen syllables weigh thirteen words.
  CHECK(matches(13, "apt install nginx curl git 명령으로 서버에 필요한 것을 모두 설치",
                "APT install nginx, curl git 명령으로 서버에 필요한것을 모두 설치") >= 1);
}

TEST_CASE("overlap: short texts are compared whole, shorter ones not at all") {
  NgramTable table(13);
  CHECK(table.add("what is the capital of the republic of korea", 7));
  CHECK_FALSE(table.add("seven words are not enough to compare", 8));
  std::vector<NgramMatch> found;
  table.find("Q: What is the capital of the Republic of Korea? A: Seoul", 10, found);
  REQUIRE(found.size() == 1);
  CHECK(found[0].source == 7);
  CHECK(found[0].words == "What is the capital of the Republic of Korea");
  table.find("what is the capital of the republic of china", 10, found);
  CHECK(found.empty());
}

TEST_CASE("overlap: many n-grams, each found again and no other") {
  NgramTable table(5);
  const auto text = [](int n) {
    std::string out;
    for (int i = 0; i < 12; ++i) out += "w" + std::to_string(n * 100 + i) + " ";
    return out;
  };
  for (int n = 0; n < 3000; n += 2) CHECK(table.add(text(n), static_cast<std::uint32_t>(n)));
  CHECK(table.size() == 1500 * 8);
  std::vector<NgramMatch> found;
  for (int n = 0; n < 3000; ++n) {
    table.find(text(n), 100, found);
    REQUIRE(found.size() == (n % 2 == 0 ? 8u : 0u));
    if (n % 2 == 0) CHECK(found[0].source == static_cast<std::uint32_t>(n));
  }
}

TEST_CASE("decontamination: benchmarks are read whole, and the leak is named") {
  const TempFolder folder;
  const auto file =
      write_lines(folder, R"({"id":1,"question":"too short"})"
                          "\n\n"
                          R"({"messages":[{"role":"system","content":")" +
                              kKorean + R"("},{"role":"user","content":")" + kPassage + "\"}],\"n\":[1,null,true]}\n");
  Decontaminator held_out({});
  REQUIRE(held_out.add_benchmark(file).has_value());
  const auto leak = held_out.find("Say: " + kPassage);
  REQUIRE(leak.has_value());
  CHECK(leak->where == file.string() + ":3");
  CHECK(leak->words == "The baker mixes flour and water in the evening, lets the dough rest");
  CHECK_MESSAGE(!held_out.find(kKorean), "a system prompt is no secret of a benchmark");
  CHECK(held_out.too_short() == 2);
}

TEST_CASE("decontamination: bad benchmark files are errors with file and line") {
  const TempFolder folder;
  Decontaminator held_out({});
  CHECK(held_out.add_benchmark(folder.path() / "none").error().kind == ErrorKind::not_found);
  const auto broken = held_out.add_benchmark(write_lines(folder, "{\"a\":1}\n{\n"));
  REQUIRE(!broken.has_value());
  CHECK(broken.error().where.ends_with("bench.jsonl:2"));
  CHECK(held_out.add_benchmark(write_lines(folder, "{\"a\":1}\n")).error().kind == ErrorKind::invalid);
  CHECK(held_out.add_benchmark(write_lines(folder, "")).error().kind == ErrorKind::invalid);
  CHECK(held_out.add_benchmark(write_lines(folder, "\"\xff" + kPassage + "\"\n")).has_value() ==
        held_out.find(kPassage).has_value());
  Decontaminator small({.words = 5, .common = 10, .most_ngrams = 10});
  CHECK_THROWS_AS(small.hold_out(kPassage, "x"), Fatal);
}

TEST_CASE("decontamination: what the author writes under every post is no leak, a benchmark's text always is") {
  const TempFolder folder;
  const std::string closing =
      "Thank you for reading this far, subscribe to the newsletter if you liked it and tell your friends about it.";
  const auto run = [&](bool benchmark, int documents) {
    Decontaminator held_out({.words = 13, .common = 3});
    if (benchmark) REQUIRE(held_out.add_benchmark(write_lines(folder, "\"" + closing + "\"\n")).has_value());
    held_out.hold_out("Something else entirely. " + closing, "sample_1");
    for (int i = 0; i < documents; ++i) {
      held_out.see("doc" + std::to_string(i), closing);
      held_out.see("doc" + std::to_string(i), closing);  // twice in one document is one document
    }
    return held_out.find(closing).has_value();
  };
  CHECK(run(false, 3));
  CHECK_FALSE(run(false, 4));
  CHECK(run(true, 4));
}

}  // namespace
}  // namespace twin::feature
