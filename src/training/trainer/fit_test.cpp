#include "training/trainer/fit.h"

#include <doctest/doctest.h>

#include <numeric>

using namespace twin::training;

namespace {

EncodedSample sample_of(int size, std::int64_t learned_from) {
  Sequence sequence;
  sequence.ids.resize(static_cast<std::size_t>(size));
  std::iota(sequence.ids.begin(), sequence.ids.end(), 0);
  if (learned_from < size) sequence.learned = {{learned_from, size}};
  return {.line = size, .sequences = {std::move(sequence)}};
}

}  // namespace

TEST_CASE("fit: too long samples are dropped with their line, length and reason, or kept") {
  const auto dropped = fit_samples({sample_of(10, 4), sample_of(30, 4), sample_of(5, 5)}, 20, "drop");
  CHECK(dropped.samples.size() == 1);
  REQUIRE(dropped.dropped.size() == 2);
  CHECK(dropped.dropped[0].line == 30);
  CHECK(dropped.dropped[0].tokens == 30);
  CHECK(dropped.dropped[0].reason == "longer than max_length");
  CHECK(dropped.dropped[1].reason == "no token to predict");
  CHECK(fit_samples({sample_of(30, 4)}, 20, "keep").samples.size() == 1);
}

TEST_CASE("fit: a text is split so that each token but the first is predicted once") {
  for (const int size : {20, 21, 39, 40, 41, 100}) {
    CAPTURE(size);
    const auto fitted = fit_samples({sample_of(size, 1)}, 20, "split");
    CHECK(fitted.dropped.empty());
    std::vector<std::int32_t> predicted;
    for (const auto& piece : fitted.samples) {
      const auto& sequence = piece.sequences.front();
      CHECK(sequence.size() <= 20);
      CHECK(piece.line == size);
      for (auto i = sequence.learned[0].begin; i < sequence.learned[0].end; ++i)
        predicted.push_back(sequence.ids[static_cast<std::size_t>(i)]);
    }
    std::vector<std::int32_t> expected(static_cast<std::size_t>(size - 1));
    std::iota(expected.begin(), expected.end(), 1);
    CHECK(predicted == expected);
  }
}

TEST_CASE("fit: an answer is never split; a pair is as long as its longer side") {
  CHECK(fit_samples({sample_of(30, 4)}, 20, "split").dropped.size() == 1);
  auto pair = sample_of(10, 4);
  pair.sequences.push_back(sample_of(30, 4).sequences[0]);
  CHECK(fit_samples({pair}, 20, "drop").dropped[0].tokens == 30);
  pair.sequences[1].learned.clear();
  CHECK(fit_samples({pair}, 40, "drop").dropped[0].reason == "no token to predict");
}

TEST_CASE("fit: some samples that stand for all") {
  std::vector<EncodedSample> all;
  for (int line = 0; line < 10; ++line) {
    all.push_back(sample_of(10, 4));
    all.back().line = line;
  }
  const auto lines = [&](std::size_t count) {
    std::vector<std::int64_t> out;
    for (const auto& sample : spread_over(all, count)) out.push_back(sample.line);
    return out;
  };
  CHECK(lines(4) == std::vector<std::int64_t>{0, 2, 5, 7});
  CHECK(lines(0).size() == 10);
  CHECK(lines(20).size() == 10);
}
