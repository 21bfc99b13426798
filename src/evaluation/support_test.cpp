#include "evaluation/support.h"

#include <doctest/doctest.h>

#include "evaluation/words.h"

using namespace twin::evaluation;

TEST_CASE("words are folded; apostrophes and decimals stay inside") {
  CHECK(words("It's 3.14, isn't it? Über-fast (v2)") ==
        std::vector<std::string>{"it's", "3.14", "isn't", "it", "über", "fast", "v2"});
  CHECK(words("don’t") == std::vector<std::string>{"don't"});
  CHECK(words("데비안은 좋다.") == std::vector<std::string>{"데비안은", "좋다"});
  CHECK(words(" ,.! ").empty());
  CHECK(words("1. Two.") == std::vector<std::string>{"1", "two"});
}

TEST_CASE("the first words keep their text") {
  CHECK(first_words("One, two; three.", 2) == "One, two");
  CHECK(first_words("One", 5) == "One");
  CHECK(first_words("One two", 0) == "");
}

TEST_CASE("citation marks are not part of an answer") {
  CHECK(without_marks("It works [1]. So [2, 3] there [see].") == "It works. So there [see].");
  CHECK(without_marks("open [1") == "open [1");
  CHECK(without_marks("bad \xff byte") == "bad \uFFFD byte");
}

TEST_CASE("content units leave function words and endings out") {
  CHECK(content_units("The packages are installed by the installer's tools") ==
        std::vector<std::string>{"packag", "instal", "instal", "tool"});
  CHECK(content_units("of the and it").empty());
  CHECK(content_units("데비안은 데비안을") == std::vector<std::string>{"데비", "비안", "데비", "비안"});
  CHECK(content_units("version 12") == std::vector<std::string>{"version", "12"});
}

TEST_CASE("an answer copied from its source is fully supported") {
  const std::string source = "Debian is a free operating system. It holds more than 59000 packages.";
  const auto support = measure_support(source, {source}, 0.6);
  REQUIRE(support);
  CHECK(support->words == 1);
  CHECK(support->sentences == 1);
  CHECK(measure_coverage(source, source) == 1.0);
}

TEST_CASE("an answer about something else is not supported") {
  const auto support =
      measure_support("Bananas grow on tropical islands.", {"Debian is a free operating system."}, 0.6);
  REQUIRE(support);
  CHECK(support->words == 0);
  CHECK(support->sentences == 0);
  CHECK(measure_coverage("Bananas grow.", "Debian is a free system.") == 0.0);
}

TEST_CASE("half of the sentences, known shares") {
  // content words: debian, free, system (all there) | banana, grow, island (none)
  const auto support =
      measure_support("Debian is a free system. Bananas grow on islands.", {"the free Debian system"}, 0.6);
  REQUIRE(support);
  CHECK(support->words == doctest::Approx(0.5));
  CHECK(support->sentences == doctest::Approx(0.5));
}

TEST_CASE("another number is another statement") {
  const std::vector<std::string> evidence = {"Debian holds 59000 packages since release 12."};
  CHECK(measure_support("Debian holds 59000 packages.", evidence, 0.6)->sentences == 1);
  CHECK(measure_support("Debian holds 12345 packages.", evidence, 0.6)->sentences == 0);
}

TEST_CASE("words gathered from several passages do not support a sentence") {
  const std::vector<std::string> parts = {"The kernel manages memory.", "Users write letters."};
  const auto support = measure_support("The kernel manages letters of users.", parts, 0.8);
  REQUIRE(support);
  CHECK(support->words == doctest::Approx(1.0));
  CHECK(support->sentences == 0);
}

TEST_CASE("an answer that states nothing has no support to measure") {
  CHECK(!measure_support("", {"x"}, 0.6));
  CHECK(!measure_support("It is. So they do!", {"x"}, 0.6));
  CHECK(!measure_coverage("text", "of the"));
  CHECK(measure_support("Debian.", {}, 0.6)->words == 0);
}

TEST_CASE("Korean answers are compared without their endings") {
  const auto support = measure_support("데비안을 설치했다.", {"데비안의 설치는 쉽다."}, 0.6);
  REQUIRE(support);
  CHECK(support->words == doctest::Approx(1.0));
  CHECK(measure_support("우분투를 지웠다.", {"데비안의 설치는 쉽다."}, 0.6)->words == 0);
}
