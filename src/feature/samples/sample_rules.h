// Which samples a dataset takes: the length and the language of their answers, and how many.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feature/datasets/datasets.h"

namespace twin::feature {

struct Refusal {
  std::string reason;  ///< answer_too_short | answer_too_long | other_language
  std::string detail;
};

/// What speaks against an answer, by dataset.min_characters, max_characters and languages. The language is that of the
/// answer itself; one that cannot be told (numbers, a few words, code) is no reason against it.
[[nodiscard]] std::optional<Refusal> refusal(const DatasetConfig& config, std::string_view answer);

/// Keeps the first dataset.max_samples by hash order, after one of every document; adds the others to `rejections`.
void limit_samples(std::vector<Sample>& samples, const DatasetConfig& config, std::vector<Rejection>& rejections);

}  // namespace twin::feature
