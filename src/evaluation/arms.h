// The four arms: answers to the same held-out questions, their measures, and their paired differences.
#pragma once

#include <vector>

#include "evaluation/evaluation.h"

namespace twin::evaluation {

/// Asks every arm every question. An answer that fails is listed and leaves a gap in its arm.
void ask_arms(const std::vector<Question>& questions, const EvalContext& context, EvalReport& report);

/// Fills metrics, author and differences from the answers; `held_out` is the author's text that style is compared to.
void measure_arms(const std::vector<feature::Sample>& held_out, const EvalConfig& config, EvalReport& report);

}  // namespace twin::evaluation
