// Whether an answer says what its evidence says: a deterministic check by content words, no model asked.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace twin::evaluation {

struct Support {
  double words = 0;      ///< share of the answer's content words found in the evidence, 0 to 1
  double sentences = 0;  ///< share of its sentences that one text of the evidence supports, 0 to 1
};

/// A sentence is supported when one single text of the evidence holds at least `threshold` of its content words, and
/// all of its numbers: words gathered from several passages prove nothing. Sentences without content words ("Yes.") are
/// not counted. Nothing when the answer states nothing.
[[nodiscard]] std::optional<Support> measure_support(std::string_view answer, const std::vector<std::string>& evidence,
                                                     double threshold);

/// Share of the reference's content words that the answer holds, 0 to 1: did it say what the author said?
[[nodiscard]] std::optional<double> measure_coverage(std::string_view answer, std::string_view reference);

}  // namespace twin::evaluation
