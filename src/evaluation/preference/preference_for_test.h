// A report whose arms are told apart by a word of their answers, and judges who look for it, for tests of preferences.
#pragma once

#include <fmt/core.h>

#include <string>
#include <utility>
#include <vector>

#include "core/files.h"
#include "evaluation/preference/judging.h"
#include "evaluation/preference/model_judge.h"

namespace twin::evaluation {

/// Questions of four documents, two of each; an arm's answers by name.
inline EvalReport report_of_arms(const std::vector<std::pair<std::string, std::string>>& arms) {
  EvalReport report;
  report.config.bootstrap = 200;
  for (int q = 0; q < 8; ++q) {
    report.questions.push_back(
        {fmt::format("Question {}?", q), fmt::format("What the author said, {}.", q), fmt::format("d{}", q / 2), "en"});
  }
  for (const auto& [name, answer] : arms) {
    ArmReport arm{name, {}, {}};
    for (int q = 0; q < 8; ++q) arm.answers.push_back({fmt::format("{} to {}", answer, q), {}, {}});
    report.arms.push_back(std::move(arm));
  }
  return report;
}

/// What stands behind a heading of the prompt.
inline std::string part_of(const std::string& prompt, const std::string& heading) {
  const std::size_t start = prompt.find(heading) + heading.size();
  return prompt.substr(start, prompt.find("\n\n", start) - start);
}

/// Prefers the answer with this word wherever it stands; the one shown first when both or none have it.
inline AskLetter likes(const std::string& word, int* asked = nullptr) {
  return [word, asked](const std::string& prompt) -> Result<double> {
    if (asked != nullptr) ++*asked;
    const bool a = part_of(prompt, "Answer A:\n").find(word) != std::string::npos;
    const bool b = part_of(prompt, "Answer B:\n").find(word) != std::string::npos;
    return a || !b ? 2.5 : -0.5;
  };
}

inline PreferenceReport judged(EvalReport& report, PreferenceJudge& judge, feature::AnswerLog* kept = nullptr,
                               const JudgeConfig& config = {}) {
  return judge_arms(report, judge, config, {.kept = kept, .progress = silent_progress(), .stop = {}});
}

struct KeptInFolder {
  TempFolder folder;
  stores::Objects objects{disk(), folder.path() / "objects"};
  feature::AnswerLog open() { return value_or_throw(feature::AnswerLog::open(folder.path() / "kept.jsonl", objects)); }
};

}  // namespace twin::evaluation
