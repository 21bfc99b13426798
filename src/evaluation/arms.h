// The four arms: answers to the same held-out questions, their measures, and their paired differences.
#pragma once

#include <string>
#include <vector>

#include "evaluation/evaluation.h"

namespace twin::evaluation {

/// Asks every arm every question. An answer that fails is listed and leaves a gap in its arm.
void ask_arms(const std::vector<Question>& questions, const EvalContext& context, EvalReport& report);
/// An arm's next answer, or why there is none, which is listed. Throws Fatal when it was stopped.
void keep_answer(const Question& question, Result<ArmAnswer> answer, ArmReport& arm, EvalReport& report);

/// The first one's measures less the second one's; an arm that is not in the report makes no difference.
struct ArmPair {
  std::string first, second;
};
/// "tuned-base", or "my-sft - base" where a name holds a hyphen: what `differences` names a pair.
[[nodiscard]] std::string to_string(const ArmPair& pair);

/// Fills metrics, author and differences from the answers; `held_out` is the author's text that style is compared to.
void measure_arms(const std::vector<feature::Sample>& held_out, const EvalConfig& config,
                  const std::vector<ArmPair>& pairs, EvalReport& report);

}  // namespace twin::evaluation
