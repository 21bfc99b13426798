// Preferences as the reports show them.
#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "evaluation/evaluation.h"
#include "evaluation/report_text.h"

namespace twin::evaluation {

/// Judge, arms, share of wins, "won / tie / lost", p, n: a row for each judge and pair of arms.
[[nodiscard]] std::vector<std::string> preference_head();
[[nodiscard]] Rows preference_rows(const EvalReport& report);
/// What a reader must know of each judge: who it is, whether the place decided instead of the text, what stayed open.
[[nodiscard]] std::vector<std::string> preference_remarks(const EvalReport& report);
/// Who won on one question: "model: sft > base; dpo = sft". Empty where nobody was asked.
[[nodiscard]] std::vector<std::string> preference_verdicts(const EvalReport& report, std::size_t question);
[[nodiscard]] Json to_json(const PreferenceReport& preferences);

}  // namespace twin::evaluation
