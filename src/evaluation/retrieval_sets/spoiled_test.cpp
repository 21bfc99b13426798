#include "evaluation/retrieval_sets/spoiled.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "core/text/unicode.h"
#include "evaluation/random.h"

using namespace twin;
using namespace twin::evaluation;

namespace {

std::string without_blanks(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  return text;
}

}  // namespace

TEST_CASE("spoiled particles: the words stay, their endings do not") {
  const std::string phrase = "국회도서관은 의회의 자료를 수집하여 시민에게 제공한다";
  for (int seed = 0; seed < 50; ++seed) {
    auto random = random_for({"particles", std::to_string(seed)});
    const std::string spoiled = spoil_particles(phrase, random);
    CHECK(spoiled != phrase);
    CHECK(spoiled.find("국회도서관") == 0);
    CHECK(spoiled.find("자료") != std::string::npos);
    CHECK(spoiled.find("제공한다") != std::string::npos);
    CHECK(std::count(spoiled.begin(), spoiled.end(), ' ') == 5);
    auto again = random_for({"particles", std::to_string(seed)});
    CHECK(spoil_particles(phrase, again) == spoiled);
  }
  auto random = random_for({"none"});
  CHECK(spoil_particles("국회 도서관", random).empty());
  CHECK(spoil_particles("no Korean here", random).empty());
  CHECK(spoil_particles("", random).empty());
}

TEST_CASE("spoiled spacing: only blanks move") {
  const std::string phrase = "국회도서관은 Debian 자료를 수집하여 시민에게 제공한다";
  for (int seed = 0; seed < 50; ++seed) {
    auto random = random_for({"spacing", std::to_string(seed)});
    const std::string spoiled = spoil_spacing(phrase, random);
    CHECK(spoiled != phrase);
    CHECK(without_blanks(spoiled) == without_blanks(phrase));
    CHECK(text::first_invalid_utf8(spoiled) == std::string::npos);
    CHECK(spoiled.find(" Debian ") != std::string::npos);
  }
  auto random = random_for({"one word"});
  const std::string split = spoil_spacing("국회도서관", random);
  CHECK(std::count(split.begin(), split.end(), ' ') == 1);
  CHECK(spoil_spacing("책", random).empty());
  CHECK(spoil_spacing("english words only", random).empty());
}

TEST_CASE("spoiled letters: one or two long words, first letters kept") {
  const std::string keywords = "sourdough rest of fermentation";
  for (int seed = 0; seed < 200; ++seed) {
    auto random = random_for({"letters", std::to_string(seed)});
    const std::string spoiled = spoil_letters(keywords, random);
    CHECK(spoiled != keywords);
    CHECK(spoiled.front() == 's');
    CHECK(spoiled.find(" of ") != std::string::npos);
    CHECK(std::count(spoiled.begin(), spoiled.end(), ' ') == 3);
  }
  auto random = random_for({"none"});
  CHECK(spoil_letters("a of to 12345", random).empty());
  CHECK(spoil_letters("국회도서관", random).empty());
}
