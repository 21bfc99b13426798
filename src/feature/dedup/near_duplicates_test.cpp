#include "feature/dedup/near_duplicates.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace twin::feature {
namespace {

std::string random_text(std::mt19937& random, int words) {
  std::uniform_int_distribution<int> letter('a', 'z'), length(2, 9);
  std::string out;
  for (int w = 0; w < words; ++w) {
    for (int i = length(random); i > 0; --i) out.push_back(static_cast<char>(letter(random)));
    out.push_back(' ');
  }
  return out;
}

// Replaces a share of the words.
std::string edited(const std::string& text, double share, std::mt19937& random) {
  std::string out = text;
  std::uniform_real_distribution<double> chance(0, 1);
  for (char& c : out) {
    if (c != ' ' && chance(random) < share) c = '#';
  }
  return out;
}

TEST_CASE("the similarity is that of sets of five characters") {
  CHECK(jaccard(shingles("abcdefg"), shingles("abcdefg")) == 1.0);
  CHECK(jaccard(shingles("abcdef"), shingles("abcdeg")) == doctest::Approx(1.0 / 3));
  CHECK(jaccard(shingles("Same  TEXT\n"), shingles("same text")) == 1.0);
  CHECK(jaccard(shingles("가나다라마바"), shingles("가나다라마사")) == doctest::Approx(1.0 / 3));
  CHECK(shingles("").empty());
  CHECK(shingles("한").size() == 1);
  CHECK(shingle_hashes("aaaaaaaa").size() == 4);
  CHECK(shingles("aaaaaaaa").size() == 1);
  CHECK(shingles("abcdef", 3).size() == 4);
}

TEST_CASE("normalization and case make no difference, by whichever way they are undone") {
  CHECK(shingles("ÄPFEL und Birnen") == shingles("a\u0308pfel und birnen"));
  CHECK(shingles("\u1112\u1161\u11ab국어 문장이다") == shingles("한국어 문장이다"));
  CHECK(shingles("  두  칸\u3000띄기\n입니다 ") == shingles("두 칸 띄기 입니다"));
  // An emoji takes the long way; the shingles before it are those of the short way.
  const auto plain = shingle_hashes("Mixed 한글 and カナ 漢字, “quoted”… text");
  auto longer = shingle_hashes("Mixed 한글 and カナ 漢字, “quoted”… text🙂");
  CHECK(longer.size() == plain.size() + 1);
  longer.pop_back();
  CHECK(longer == plain);
}

TEST_CASE("a text equal or almost equal to an earlier one is found, others are not") {
  NearDuplicates texts(0.8);
  std::mt19937 random(3);
  const std::string first = random_text(random, 80);
  CHECK(!texts.add(first).has_value());
  CHECK(!texts.add(random_text(random, 80)).has_value());
  const auto same = texts.add(first);
  REQUIRE(same.has_value());
  CHECK(same->index == 0);
  CHECK(same->similarity == 1.0);
  const auto longer = texts.add(first + "and a few words");
  REQUIRE(longer.has_value());
  CHECK(longer->similarity < 1.0);
  CHECK(!texts.add(edited(first, 0.3, random)).has_value());
}

TEST_CASE("hashing finds what comparing every pair finds") {
  for (const double threshold : {0.4, 0.6, 0.8, 0.95}) {
    std::mt19937 random(11);
    NearDuplicates texts(threshold);
    std::vector<std::vector<std::uint64_t>> kept;
    int found = 0, expected = 0;
    for (int i = 0; i < 120; ++i) {
      const std::string text = random_text(random, 40);
      for (const double share : {0.0, 0.005, 0.02, 0.05}) {
        const std::string variant = share == 0.0 ? text : edited(text, share, random);
        const auto set = shingles(variant);
        bool near = false;
        for (const auto& other : kept) near = near || jaccard(set, other) >= threshold;
        const bool hit = texts.add(variant).has_value();
        if (!hit) kept.push_back(set);
        expected += near ? 1 : 0;
        found += hit ? 1 : 0;
        CHECK((!hit || near));  // never without cause
      }
    }
    CAPTURE(threshold);
    CHECK(expected > 50);
    CHECK(found >= expected * 99 / 100);
  }
}

}  // namespace
}  // namespace twin::feature
