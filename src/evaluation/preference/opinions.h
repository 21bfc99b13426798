// Opinions that were given before: a judge is asked once about a pair, whenever a comparison goes on or is made again.
#pragma once

#include <optional>
#include <string>

#include "evaluation/preference/preference.h"
#include "feature/datasets/answer_log.h"

namespace twin::evaluation {

/// Over a log of answers, which outlives it; without one, or for a judge without a key, nothing is kept.
class Opinions {
 public:
  Opinions(feature::AnswerLog* log, const PreferenceJudge& judge);
  [[nodiscard]] std::optional<Opinion> find(const BlindPair& pair) const;
  /// On the disk when it returns.
  [[nodiscard]] Result<void> add(const BlindPair& pair, const Opinion& opinion);

 private:
  [[nodiscard]] std::string key_of(const BlindPair& pair) const;

  feature::AnswerLog* log_ = nullptr;
  std::string judge_;
};

}  // namespace twin::evaluation
