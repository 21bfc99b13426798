#include "evaluation/topic_words.h"

#include <doctest/doctest.h>

#include "evaluation/korean_particles.h"

using namespace twin::evaluation;

namespace {

std::vector<std::string> shown(const TopicWords& words, std::string_view text) {
  std::vector<std::string> out;
  for (const TopicWord& word : words.of(text)) out.push_back(word.shown);
  return out;
}
using Shown = std::vector<std::string>;

}  // namespace

TEST_CASE("particles are taken off where the sound before allows them") {
  CHECK(split_particle("도서관은").stem == "도서관");
  CHECK(split_particle("도서관에서는").particle == "에서는");
  CHECK(split_particle("자료를").stem == "자료");
  CHECK(split_particle("자료을").particle.empty());  // no form of the language
  CHECK(split_particle("도서관는").particle.empty());
  CHECK(split_particle("책은").particle.empty());      // one syllable would be left
  CHECK(split_particle("서울로부터").stem == "서울");  // ㄹ goes with 로
  CHECK(split_particle("Debian").particle.empty());
  CHECK(split_particle("").particle.empty());
  CHECK(confused_particle(split_particle("도서관은")) == "이");
  CHECK(confused_particle(split_particle("자료를")) == "는");
  CHECK(confused_particle(split_particle("자료")).empty());
}

TEST_CASE("topic words: no function words, no verbs; particles only off what is a word") {
  TopicWords words;
  const std::string korean =
      "국회도서관은 자료를 수집한다. 국회도서관의 자료가 많다. 민주주의를 지킨다. 민주주의 민주주의는";
  words.learn(korean);
  CHECK(shown(words, "국회도서관은 자료를 있다") == Shown{"국회도서관", "자료"});
  CHECK(shown(words, "민주주의") == Shown{"민주주의"});  // 민주주 stands nowhere else
  CHECK(shown(words, "민주주의를") == Shown{"민주주의"});
  CHECK(shown(words, "처음보는") == Shown{"처음보는"});  // never learned: nothing is taken off

  const auto english = words.of("The packages, a package's 42 files of it");
  REQUIRE(english.size() == 3);
  CHECK(english[0].key == english[1].key);
  CHECK(english[0].shown == "packages");
  CHECK(english[1].shown == "package");
  CHECK(english[2].shown == "files");
  CHECK(words.of("").empty());
  CHECK(words.of(std::string(5000, 'x')).empty());  // data, no word
}
