#include "stores/index/vectors/vector_snapshot.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <set>

#include "stores/index/test_data.h"

using namespace twin;
using namespace twin::stores;

namespace {

constexpr std::size_t kRows = 3000;

// Crowded around forty directions, as passages are around matters.
std::vector<std::vector<float>> made_vectors(std::mt19937& random, std::size_t count) {
  std::vector<std::vector<float>> centres, vectors;
  for (int i = 0; i < 40; ++i) centres.push_back(unit_vector(random));
  for (std::size_t i = 0; i < count; ++i) vectors.push_back(blend(centres[i * 7 % 40], unit_vector(random), 0.6F));
  return vectors;
}

std::vector<std::byte> segment_bytes(const std::vector<std::vector<float>>& vectors, std::size_t graph_from) {
  VectorSegmentBuilder builder(kDimension, {.from = graph_from, .links = 12, .construction = 60});
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    const QuantizedVector codes = quantize(vectors[i]);
    builder.add(static_cast<std::int64_t>(2 * i + 1), codes.scale, std::as_bytes(std::span(codes.codes)),
                "chunk_" + std::to_string(i));
  }
  return builder.finish();
}

// Those that follow each other in `all` are one range.
std::vector<KeyRange> ranges_of(const std::vector<std::int64_t>& keys, std::span<const std::int64_t> all) {
  std::vector<KeyRange> ranges;
  for (std::size_t i = 0, at = 0; i < keys.size(); ++i, ++at) {
    const bool next = i > 0 && all[at] == keys[i];
    while (all[at] != keys[i]) ++at;
    if (next) {
      ranges.back().last = keys[i];
    } else {
      ranges.push_back({keys[i], keys[i]});
    }
  }
  return ranges;
}

VectorSnapshot snapshot_of(std::shared_ptr<const VectorSegment> segment, std::shared_ptr<const RowSet> gone,
                           std::size_t exact_up_to) {
  const std::size_t rows = segment->keys().size();
  const std::uint64_t there = gone ? rows - gone->count() : rows;
  std::vector<VectorSnapshot::Part> parts;
  parts.push_back({.segment = std::move(segment), .gone = std::move(gone), .passages = there});
  return {1, 0, std::move(parts), {.exact_up_to = exact_up_to, .graph = {}}};
}

}  // namespace

TEST_CASE("vectors: the graph finds what comparing all finds, without those that are gone or filtered out") {
  std::mt19937 random(21);
  const auto vectors = made_vectors(random, kRows);
  const auto segment =
      std::make_shared<const VectorSegment>(std::make_shared<const Sections>(segment_bytes(vectors, 100)));
  REQUIRE(segment->has_graph());
  const auto gone = std::make_shared<RowSet>(kRows);
  for (std::size_t row = 0; row < kRows; row += 5) gone->add(row);
  std::vector<std::int64_t> live, half;  // keys
  for (std::size_t row = 0; row < kRows; ++row) {
    if (gone->has(row)) continue;
    live.push_back(segment->keys()[row]);
    if (row % 2 == 1) half.push_back(segment->keys()[row]);
  }
  const std::vector<KeyRange> half_ranges = ranges_of(half, segment->keys());
  const auto queries = made_vectors(random, 100);
  for (const bool some_gone : {false, true}) {
    const auto graph = snapshot_of(segment, some_gone ? gone : nullptr, 100);
    const auto exact = snapshot_of(segment, some_gone ? gone : nullptr, kRows);
    for (const std::vector<KeyRange>* allowed : std::array<const std::vector<KeyRange>*, 2>{nullptr, &half_ranges}) {
      std::size_t found = 0, wanted = 0;
      for (const auto& query : queries) {
        std::set<std::int64_t> best;
        for (const Candidate& c : exact.nearest(quantize(query), 10, 10, 100, allowed)) best.insert(c.chunk);
        CHECK(best.size() == 10);
        wanted += best.size();
        const auto walked = graph.nearest(quantize(query), 10, 10, 100, allowed);
        CHECK(walked.size() == 10);
        for (const Candidate& c : walked) {
          found += best.count(c.chunk);
          if (some_gone) CHECK(std::binary_search(live.begin(), live.end(), c.chunk));
          if (allowed) CHECK(std::binary_search(half.begin(), half.end(), c.chunk));
        }
      }
      CHECK(static_cast<double>(found) >= 0.95 * static_cast<double>(wanted));
    }
  }
}

TEST_CASE(
    "vectors: a filter that keeps few is answered by comparing, though they are more than are compared without one") {
  std::mt19937 random(25);
  const auto vectors = made_vectors(random, kRows);
  const auto segment =
      std::make_shared<const VectorSegment>(std::make_shared<const Sections>(segment_bytes(vectors, 100)));
  std::vector<std::int64_t> kept;
  for (std::size_t row = 0; row < kRows; row += 10) kept.push_back(segment->keys()[row]);
  const auto ranges = ranges_of(kept, segment->keys());
  const std::size_t exact_up_to = kRows / 50;  // fewer than are kept, more than a tenth of these
  const auto graph = snapshot_of(segment, nullptr, exact_up_to), exact = snapshot_of(segment, nullptr, kRows);
  REQUIRE(kept.size() > exact_up_to);
  for (const auto& query : made_vectors(random, 50)) {
    const auto found = graph.nearest(quantize(query), 10, 10, 10, &ranges);
    const auto best = exact.nearest(quantize(query), 10, 10, 10, &ranges);
    REQUIRE(found.size() == best.size());
    for (std::size_t i = 0; i < best.size(); ++i) CHECK(found[i].chunk == best[i].chunk);
  }
}

TEST_CASE("vectors: the same rows give the same bytes, and few rows give no graph") {
  std::mt19937 random(22);
  const auto vectors = made_vectors(random, 400);
  const auto bytes = segment_bytes(vectors, 100);
  CHECK(bytes == segment_bytes(vectors, 100));
  CHECK_FALSE(VectorSegment(std::make_shared<const Sections>(segment_bytes(vectors, 400))).has_graph());
  CHECK_FALSE(VectorSegment(std::make_shared<const Sections>(segment_bytes(vectors, 0))).has_graph());
}

TEST_CASE("vectors: comparing is exact, whatever is gone and whatever a filter keeps") {
  std::mt19937 random(23);
  const auto vectors = made_vectors(random, 700);
  const auto segment =
      std::make_shared<const VectorSegment>(std::make_shared<const Sections>(segment_bytes(vectors, 0)));
  const auto gone = std::make_shared<RowSet>(700);
  for (std::size_t row = 3; row < 700; row += 7) gone->add(row);
  for (const bool some_gone : {false, true}) {
    const auto snapshot = snapshot_of(segment, some_gone ? gone : nullptr, 10);
    for (const std::size_t share : {0U, 1U, 4U, 9U}) {  // of nine
      std::vector<std::int64_t> live, allowed;
      for (std::size_t row = 0; row < 700; ++row) {
        if (row % 9 >= share && share > 0) continue;
        allowed.push_back(segment->keys()[row]);
        if (!some_gone || !gone->has(row)) live.push_back(segment->keys()[row]);
      }
      // A range goes over those that are gone in it.
      const auto ranges = ranges_of(allowed, segment->keys());
      for (const auto& query : made_vectors(random, 20)) {
        const QuantizedVector asked = quantize(query);
        std::vector<std::pair<float, std::int64_t>> expected;
        for (const std::int64_t key : live) {
          const QuantizedVector codes = quantize(vectors[static_cast<std::size_t>(key / 2)]);
          std::int32_t sum = 0;
          for (std::size_t i = 0; i < codes.codes.size(); ++i) sum += codes.codes[i] * asked.codes[i];
          expected.emplace_back(-static_cast<float>(sum) * codes.scale * asked.scale, key);
        }
        std::sort(expected.begin(), expected.end());
        const auto found = snapshot.nearest(asked, 25, 25, 25, share > 0 ? &ranges : nullptr);
        REQUIRE(found.size() == 25);
        for (std::size_t i = 0; i < 25; ++i) {
          CHECK(found[i].chunk == expected[i].second);
          CHECK(found[i].score == -expected[i].first);
        }
        CHECK(snapshot.nearest(QuantizedVector{1, std::vector<std::int8_t>(5)}, 10, 10, 10, nullptr).empty());
      }
    }
  }
}

TEST_CASE("vectors: the best are found by half of their bytes, also where values are few, alike or all of one sign") {
  std::mt19937 random(24);
  std::uniform_real_distribution<float> value(0.0F, 1.0F);
  constexpr std::size_t kCount = 2000, kWanted = 10;
  for (const int kind : {0, 1, 2, 3}) {
    const auto vector = [&] {
      std::vector<float> v(384);
      for (float& x : v) {
        if (kind == 0) x = value(random) < 0.03F ? 1.0F : 0.0F;     // words that are there or not
        if (kind == 1) x = value(random) * value(random);           // none below zero
        if (kind == 2) x = value(random) < 0.5F ? -1.0F : 1.0F;     // signs alone
        if (kind == 3) x = (value(random) - 0.5F) * value(random);  // many near zero …
      }
      if (kind == 3) v[7] = 3 + value(random);  // … and one far from it in all
      v[0] += 0.01F;
      float norm = 0;
      for (const float x : v) norm += x * x;
      for (float& x : v) x /= std::sqrt(norm);
      return v;
    };
    VectorSegmentBuilder builder(384, {});
    std::vector<QuantizedVector> rows;
    for (std::size_t i = 0; i < kCount; ++i) {
      rows.push_back(quantize(vector()));
      builder.add(static_cast<std::int64_t>(i), rows[i].scale, std::as_bytes(std::span(rows[i].codes)), "");
    }
    const auto snapshot = snapshot_of(
        std::make_shared<const VectorSegment>(std::make_shared<const Sections>(builder.finish())), nullptr, kCount);
    std::size_t missed = 0;
    for (int q = 0; q < 50; ++q) {
      const QuantizedVector asked = quantize(vector());
      std::vector<float> scores;
      for (const QuantizedVector& row : rows) {
        std::int32_t sum = 0;
        for (std::size_t i = 0; i < row.codes.size(); ++i) sum += row.codes[i] * asked.codes[i];
        scores.push_back(static_cast<float>(sum) * row.scale * asked.scale);
      }
      std::nth_element(scores.begin(), scores.begin() + kWanted, scores.end(), std::greater<>());
      const auto found = snapshot.nearest(asked, 64, 64, 64, nullptr);
      REQUIRE(found.size() == 64);
      for (std::size_t i = 0; i < kWanted; ++i) missed += found[i].score < scores[kWanted] ? 1 : 0;
    }
    CAPTURE(kind);
    CHECK(missed == 0);
  }
}
