#include "stores/index/fusion.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace twin::stores;

namespace {

std::vector<std::string> ids(const std::vector<FusedHit>& hits) {
  std::vector<std::string> result;
  result.reserve(hits.size());
  for (const auto& hit : hits) result.push_back(hit.chunk_id);
  return result;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("fusion: the weighted sum of z-scores, missing hits at the lowest") {
  const RankedList lexical{"lexical", 1.0, {{"a", 9}, {"b", 6}, {"c", 3}}};
  const RankedList dense{"dense", 2.0, {{"c", 0.9}, {"a", 0.8}}};
  const auto hits = fuse_zscore({lexical, dense}, 10);
  CHECK(ids(hits) == Ids{"c", "a", "b"});
  // lexical: mean 6, deviation sqrt(6); dense: mean 0.85, deviation 0.05.
  CHECK(hits[0].score == doctest::Approx(-3 / std::sqrt(6.0) + 2 * 1));
  CHECK(hits[1].score == doctest::Approx(3 / std::sqrt(6.0) - 2 * 1));
  CHECK(hits[2].score == doctest::Approx(0 - 2 * 1));
  CHECK(hits[0].parts == std::map<std::string, double>{{"lexical", 3}, {"dense", 0.9}});
  CHECK(hits[2].parts == std::map<std::string, double>{{"lexical", 6}});
  CHECK(ids(fuse_zscore({lexical, dense}, 1)) == Ids{"c"});
}

TEST_CASE("fusion: what a retriever says of others' hits is measured by the scale of its own") {
  RankedList lexical{"lexical", 1.0, {{"a", 9}, {"b", 6}, {"c", 3}}, {{"d", 0}, {"stranger", 100}}};
  RankedList dense{"dense", 1.0, {{"d", 0.9}, {"a", 0.8}}, {{"b", 0.7}, {"a", 0.1}}};
  const auto hits = fuse_zscore({lexical, dense}, 10);
  std::map<std::string, double> score;
  for (const auto& hit : hits) score[hit.chunk_id] = hit.score;
  // lexical: mean 6, deviation sqrt(6); dense: mean 0.85, deviation 0.05.
  CHECK(score.size() == 4);
  CHECK(score["a"] == doctest::Approx(3 / std::sqrt(6.0) - 1));  // its own list counts
  CHECK(score["b"] == doctest::Approx(0 - 3));
  CHECK(score["c"] == doctest::Approx(-3 / std::sqrt(6.0) - 1));  // nothing said: the lowest
  CHECK(score["d"] == doctest::Approx(-6 / std::sqrt(6.0) + 1));
  CHECK(hits[0].parts.size() == 2);
}

TEST_CASE("fusion: a list may say what a passage counts for of which it says nothing") {
  const RankedList dense{"dense", 1.0, {{"a", 0.8}, {"b", 0.6}}, {}, -1};
  RankedList image{"image", 1.0, {{"b", 0.5, "cat.png"}}, {}, -1};
  image.unsaid = 0.2;
  const auto hits = fuse_weighted({dense, image}, 10);
  REQUIRE(hits.size() == 2);
  CHECK(hits[0].chunk_id == "b");
  CHECK(hits[0].picture == "cat.png");
  CHECK(hits[0].score == doctest::Approx(0.5 * (1.6 / 1.8) + 0.5));
  CHECK(hits[1].score == doctest::Approx(0.5 + 0.5 * (1.2 / 1.5)));
  CHECK(hits[1].picture.empty());
  CHECK_FALSE(hits[1].parts.contains("image"));  // it was not found by it
  const auto by_z = fuse_zscore({dense, image}, 10);
  // One hit has no deviation: it counts by what it lies above the others.
  CHECK(by_z[0].shares.at("image") + by_z[1].shares.at("image") == doctest::Approx(-0.3));
}

TEST_CASE("fusion: nothing in, nothing out") {
  CHECK(fuse_zscore({}, 5).empty());
  CHECK(fuse_zscore({{"lexical", 1.0, {}}, {"dense", 1.0, {}}}, 5).empty());
  CHECK(fuse_zscore({{"lexical", 1.0, {{"a", 1}}}}, 0).empty());
  CHECK(fuse_zscore({{"lexical", 1.0, {{"a", 1}}}}, -3).empty());
}

TEST_CASE("fusion: an empty list leaves the order of the other") {
  const RankedList dense{"dense", 1.0, {{"b", 0.9}, {"a", 0.8}, {"c", 0.1}}};
  CHECK(ids(fuse_zscore({{"lexical", 1.0, {}}, dense}, 5)) == Ids{"b", "a", "c"});
  CHECK(fuse_zscore({{"lexical", 1.0, {}}, dense}, 5)[0].score == doctest::Approx(fuse_zscore({dense}, 5)[0].score));
}

TEST_CASE("fusion: where scores do not differ, being found still counts") {
  const RankedList dense{"dense", 1.0, {{"a", 0.90}, {"b", 0.89}, {"c", 0.1}}};
  CHECK(ids(fuse_zscore({{"lexical", 1.0, {{"b", 7}}}, dense}, 5)) == Ids{"b", "a", "c"});
  CHECK(ids(fuse_zscore({{"lexical", 1.0, {{"b", 7}, {"z", 7}}}, dense}, 5))[0] == "b");
  const auto equal = fuse_zscore({{"lexical", 1.0, {{"b", 0.1}, {"c", 0.1}, {"a", 0.1}}}}, 5);
  CHECK(ids(equal) == Ids{"a", "b", "c"});
  for (const auto& hit : equal) CHECK(hit.score == 0);
}

TEST_CASE("fusion: a repeated hit counts once, scores that are no numbers not at all") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  const auto hits = fuse_zscore({{"lexical", 1.0, {{"a", 3}, {"b", 2}, {"a", 1}, {"n", nan}, {"i", -inf}}}}, 9);
  CHECK(ids(hits) == Ids{"a", "b"});
  CHECK(hits[0].score == doctest::Approx(1));
}

TEST_CASE("fusion: a list of weight 0 changes nothing") {
  const RankedList dense{"dense", 1.0, {{"b", 0.9}, {"a", 0.8}}};
  const auto hits = fuse_zscore({{"lexical", 0.0, {{"a", 70}, {"b", 1}}}, dense}, 5);
  CHECK(ids(hits) == Ids{"b", "a"});
}

TEST_CASE("fusion: reciprocal ranks, what only another list holds has none") {
  const RankedList lexical{"lexical", 1.0, {{"a", 9}, {"b", 6}}, {{"c", 5}}};
  const RankedList dense{"dense", 2.0, {{"c", 0.9}, {"a", 0.8}}, {{"b", 0.7}}, -1};
  const auto hits = fuse_rrf({lexical, dense}, 10);
  CHECK(ids(hits) == Ids{"a", "c", "b"});
  CHECK(hits[0].score == doctest::Approx(1.0 / 61 + 2.0 / 62));
  CHECK(hits[1].score == doctest::Approx(2.0 / 61));
  CHECK(hits[2].score == doctest::Approx(1.0 / 62));
  CHECK(hits[1].shares.at("lexical") == 0);
  CHECK(hits[1].parts.at("lexical") == 5);  // shown all the same
}

TEST_CASE("fusion: weighted scores between the least possible and the best found") {
  const RankedList lexical{"lexical", 1.0, {{"a", 8}, {"b", 2}}, {{"c", 0}}};
  const RankedList dense{"dense", 3.0, {{"c", 0.8}, {"a", 0.35}}, {}, -1};
  const auto hits = fuse_weighted({lexical, dense}, 10);
  CHECK(ids(hits) == Ids{"a", "c", "b"});
  CHECK(hits[0].score == doctest::Approx(0.25 + 0.75 * 1.35 / 1.8));
  CHECK(hits[1].score == doctest::Approx(0.75));
  CHECK(hits[2].score == doctest::Approx(0.25 * 0.25));  // dense says nothing of it
  CHECK(fuse_weighted({{"lexical", 0.0, {{"a", 1}}}}, 10)[0].score == 0);
}

TEST_CASE("fusion: shares add up to the score, whatever the fusion; each has its name") {
  const RankedList lexical{"lexical", 0.7, {{"a", 9}, {"b", 6}, {"c", 3}}, {{"d", 1}}};
  const RankedList dense{"dense", 1.3, {{"d", 0.9}, {"a", 0.8}}, {{"c", 0.2}}, -1};
  for (const std::string& name : fusion_names()) {
    CAPTURE(name);
    const auto hits = fuse(fusion_of(name), {lexical, dense}, 10);
    REQUIRE(hits.size() == 4);
    for (const auto& hit : hits) {
      CHECK(hit.score == doctest::Approx(hit.shares.at("lexical") + hit.shares.at("dense")));
    }
  }
  CHECK(fuse(fusion_of("rrf"), {lexical}, 1)[0].score == doctest::Approx(0.7 / 61));
  CHECK(fuse(fusion_of("weighted"), {lexical}, 1)[0].score == doctest::Approx(1));
}
