// Any number of arms by name - the base model, adapters before and after a step of training - on held-out questions and
// passages: answers, their measures, perplexity. What judges say of the answers is added by judge_arms().
#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "core/progress.h"
#include "evaluation/evaluation.h"
#include "feature/datasets/answer_log.h"

namespace twin::evaluation {

using AskQuestion = std::function<Result<ArmAnswer>(const Question& question)>;

struct NamedArm {
  std::string name;
  /// All that an answer depends on beside question and length: answers are kept under it. Empty: they are not kept.
  std::string identity;
  /// Makes what answers; called when there is something to ask, and dropped before the next arm starts, so that one
  /// model is loaded at a time. Throws Fatal when the model does not start.
  std::function<AskQuestion()> start;
  /// The likelihood of samples' answers, in order; empty: no perplexity.
  std::function<Result<std::vector<training::ScoredItem>>(const std::vector<feature::Sample>& samples)> score;
};

struct CompareContext {
  std::vector<feature::Sample> held_out;  ///< the dataset's test split
  std::vector<NamedArm> arms;             ///< with different names
  feature::AnswerLog* kept = nullptr;     ///< where answers are kept; null: nowhere
  std::map<std::string, std::string> lineage;
  ProgressSink& progress;
  std::stop_token stop;
};

/// Differences and changes are those of every arm against every earlier one. Throws Fatal when nothing is held out, and
/// when stopped: what was answered by then is kept.
[[nodiscard]] EvalReport compare_arms(const EvalConfig& config, const CompareContext& context);

}  // namespace twin::evaluation
