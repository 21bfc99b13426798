#include "training/trainer/fit.h"

#include <algorithm>

namespace twin::training {
namespace {

bool is_text(const EncodedSample& sample) {
  return sample.sequences.size() == 1 && sample.sequences.front().learned.front().begin == 1;
}

void split_text(const EncodedSample& sample, std::int64_t length, std::vector<EncodedSample>& pieces) {
  const auto& ids = sample.sequences.front().ids;
  const auto size = static_cast<std::int64_t>(ids.size());
  for (std::int64_t from = 0; from + 1 < size; from += length - 1) {
    const auto end = std::min(size, from + length);
    Sequence piece{.ids = {ids.begin() + from, ids.begin() + end}, .learned = {{1, end - from}}};
    pieces.push_back({.line = sample.line, .sequences = {std::move(piece)}});
  }
}

}  // namespace

FittedSamples fit_samples(std::vector<EncodedSample> all, std::int64_t max_length, const std::string& policy) {
  FittedSamples fitted;
  for (auto& sample : all) {
    const bool empty = std::any_of(sample.sequences.begin(), sample.sequences.end(),
                                   [](const Sequence& sequence) { return sequence.loss_tokens() == 0; });
    const auto longest = sample.longest();
    if (empty) {
      fitted.dropped.push_back({sample.line, longest, "no token to predict"});
    } else if (longest <= max_length || policy == "keep") {
      fitted.samples.push_back(std::move(sample));
    } else if (policy == "split" && is_text(sample)) {
      split_text(sample, max_length, fitted.samples);
    } else {
      fitted.dropped.push_back({sample.line, longest, "longer than max_length"});
    }
  }
  return fitted;
}

std::vector<EncodedSample> spread_over(std::vector<EncodedSample> all, std::size_t count) {
  if (count == 0 || count >= all.size()) return all;
  std::vector<EncodedSample> some;
  some.reserve(count);
  for (std::size_t i = 0; i < count; ++i) some.push_back(std::move(all[i * all.size() / count]));
  return some;
}

}  // namespace twin::training
