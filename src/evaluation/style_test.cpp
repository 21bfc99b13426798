#include "evaluation/style.h"

#include <doctest/doctest.h>

using namespace twin::evaluation;

namespace {

std::optional<StyleDistance> distance(const StyleProfile& profile, std::string_view text) {
  return profile.distance(profile.counts(text));
}

/// Passages of an author who writes in long, hedged sentences.
std::vector<std::string> hedging_author(int first, int count) {
  const std::vector<std::string> pieces = {
      "It is perhaps worth noting that, although the system would have been able to do so, we did not always want it.",
      "However, there are those who would rather have that which they already know, and perhaps they are right.",
      "As a matter of fact, it has been said that the one who waits is also the one who would have been late.",
      "We would like to think that this is the way in which it was meant to be, although we are not quite sure of it.",
      "There is, of course, another way to look at it, which is that none of us could have known what would come."};
  std::vector<std::string> passages;
  for (int i = first; i < first + count; ++i) {
    std::string passage;
    for (int k = 0; k < 3; ++k)
      passage += pieces[static_cast<std::size_t>(i * 2 + k * (1 + i % 2)) % pieces.size()] + " ";
    passages.push_back(passage + "Case " + std::to_string(i) + ".");
  }
  return passages;
}

const std::string terse =
    "Buy now! Big sale today. Click here. Great deals, fast shipping, low prices. Order online. "
    "Save money. New stuff weekly. Shop smart. Call us. Win prizes. Get rich quick. Act fast!";

}  // namespace

TEST_CASE("an author is closer to the own profile than somebody else") {
  const auto profile = StyleProfile::make(hedging_author(0, 8), false);
  REQUIRE(profile);
  const auto own = distance(*profile, hedging_author(11, 1)[0]);
  const auto other = distance(*profile, terse);
  REQUIRE(own);
  REQUIRE(other);
  CHECK(own->words < other->words);
  CHECK(own->chars < other->chars);
  CHECK(own->chars >= 0);
  CHECK(other->chars <= 1);
}

TEST_CASE("a known distance: nothing in common with the profile") {
  const auto profile = StyleProfile::make(hedging_author(0, 8), false);
  REQUIRE(profile);
  const auto far = distance(*profile, "zzz");
  REQUIRE(far);
  CHECK(far->chars == doctest::Approx(1.0));
}

TEST_CASE("counts of texts add up to the counts of all of them") {
  const auto profile = StyleProfile::make(hedging_author(0, 8), false);
  REQUIRE(profile);
  auto sums = profile->counts("It was the one. ");
  const auto more = profile->counts("It was the other. ");
  REQUIRE(sums.size() == profile->size());
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += more[i];
  CHECK(sums[0] == 8);
  CHECK(profile->distance(sums)->words ==
        doctest::Approx(distance(*profile, "It was the one. It was the other.")->words));
}

TEST_CASE("a known Delta: the profile's own frequencies have distance zero") {
  const std::string passage = "The cat and the dog of the house. " + std::string("The ox and the ass of the barn. ");
  std::vector<std::string> passages(20, passage);
  const auto profile = StyleProfile::make(passages, false);
  REQUIRE(profile);
  CHECK(distance(*profile, passage)->words == doctest::Approx(0));
  CHECK(distance(*profile, passage)->chars == doctest::Approx(0).epsilon(0.001));
}

TEST_CASE("numbers, case and layout do not change the distance") {
  const auto profile = StyleProfile::make(hedging_author(0, 8), false);
  REQUIRE(profile);
  const auto a = distance(*profile, "It was THE  one\nof 1999 that we had.");
  const auto b = distance(*profile, "it was the one of 2024 that we had.");
  CHECK(a->words == doctest::Approx(b->words));
  CHECK(a->chars == doctest::Approx(b->chars));
}

TEST_CASE("too little text of the author gives no profile, an empty text no distance") {
  CHECK(!StyleProfile::make({}, false));
  CHECK(!StyleProfile::make({hedging_author(0, 1)[0]}, false));
  CHECK(!StyleProfile::make({"Only a few words.", "And a few more."}, false));
  const auto profile = StyleProfile::make(hedging_author(0, 8), false);
  REQUIRE(profile);
  CHECK(!distance(*profile, ""));
  CHECK(!distance(*profile, " ... "));
}

TEST_CASE("Korean style shows in endings") {
  std::vector<std::string> plain, polite;
  for (int i = 0; i < 30; ++i) {
    const std::string n = std::to_string(i);
    plain.push_back("나는 오늘 " + n + "번 글을 썼다. 그것은 쉽지 않았다. 하지만 끝까지 했다. 결과는 좋았다.");
    polite.push_back("저는 오늘 " + n + "번 글을 썼어요. 그것은 쉽지 않았어요. 하지만 끝까지 했어요. 결과는 좋았어요.");
  }
  const auto profile = StyleProfile::make({plain.begin(), plain.begin() + 20}, true);
  REQUIRE(profile);
  CHECK(distance(*profile, plain[25])->words < distance(*profile, polite[25])->words);
  CHECK(distance(*profile, plain[25])->chars < distance(*profile, polite[25])->chars);
}
