// A judge's opinions on every pair of arms: asked blind, once for each pair of texts, then counted by arm.
#pragma once

#include <stop_token>
#include <vector>

#include "core/progress.h"
#include "evaluation/evaluation.h"
#include "evaluation/preference/preference.h"
#include "feature/datasets/answer_log.h"

namespace twin::evaluation {

/// The distinct pairs of different answers in the order of their ids, which are hashes: a judge cannot tell from the
/// order which pairs belong together. Answers that failed are in none.
[[nodiscard]] std::vector<BlindPair> blind_pairs(const EvalReport& report);

/// Those of them on which no opinion is kept.
[[nodiscard]] std::vector<BlindPair> open_pairs(const EvalReport& report, const PreferenceJudge& judge,
                                                feature::AnswerLog* kept);

struct JudgingContext {
  feature::AnswerLog* kept = nullptr;  ///< where opinions are kept; null: nowhere
  ProgressSink& progress;
  std::stop_token stop;
};
/// Identical answers are a tie without being asked about. A pair that the judge fails on goes into `report.failures`
/// and is not judged; after `config.give_up_after` failures in a row the rest is not asked about, which is one more
/// failure. Intervals by `report.config`. Throws Fatal when stopped, and
/// for errors of ErrorKind::usage.
[[nodiscard]] PreferenceReport judge_arms(EvalReport& report, PreferenceJudge& judge, const JudgeConfig& config,
                                          const JudgingContext& context);

}  // namespace twin::evaluation
