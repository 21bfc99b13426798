#include "feature/samples/steps.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace twin::feature {
namespace {

struct KnownStep {
  std::string_view name, unit;
  std::vector<std::string_view> reasons;
};

/// In the order of build_instruct(), then of build_preference() and of files.
const std::vector<KnownStep>& known_steps() {
  static const std::vector<KnownStep> steps = {
      {"documents", "documents", {"duplicate_document", "category_disabled", "low_quality"}},
      {"cutting", "passages", {"too_short", "sentence_too_long", "code_or_table"}},
      {"rules", "samples", {"answer_too_short", "answer_too_long", "other_language"}},
      {"duplicates", "samples", {"duplicate", "near_duplicate", "near_duplicate_across_splits"}},
      {"generation", "samples", {"over_max_calls", "bad_reply", "low_fit", "not_grounded", "not_an_extract"}},
      {"questions", "samples", {"no_question"}},
      {"decontamination", "samples", {"contaminated"}},
      {"limit", "samples", {"over_max_samples"}},
      {"answers", "samples", {"empty_rejected", "cut_rejected", "rejected_equals_chosen"}},
      {"other", "samples", {}},
      {"proof", "samples", {"not_verbatim", "not_in_passages"}},
      {"personal data", "samples", {"pii"}},
      {"review", "samples", {"rejected_by_review", "below_min_score"}},
  };
  return steps;
}

}  // namespace

std::vector<StepCount> step_counts(const std::map<std::string, int>& reasons, int kept) {
  std::vector<StepCount> out;
  std::map<std::string, int> left = reasons;
  for (const KnownStep& known : known_steps()) {
    StepCount step{std::string(known.name), std::string(known.unit), -1, -1, {}};
    for (const std::string_view reason : known.reasons) {
      const auto found = left.find(std::string(reason));
      if (found == left.end()) continue;
      step.removed.insert(*found);
      left.erase(found);
    }
    out.push_back(std::move(step));
  }
  const auto other = std::find_if(out.begin(), out.end(), [](const StepCount& step) { return step.step == "other"; });
  other->removed = std::move(left);
  if (other->removed.empty()) out.erase(other);
  // Only generators that ask a model, and reviewers, have these steps.
  std::erase_if(out, [](const StepCount& step) {
    return (step.step == "generation" || step.step == "review") && step.removed.empty();
  });
  // What samples came into a step follows from what went out of the next.
  int after = kept;
  for (auto step = out.rbegin(); step != out.rend(); ++step) {
    if (step->unit != "samples") continue;
    step->out = after;
    for (const auto& [reason, count] : step->removed) after += count;
    step->in = after;
  }
  return out;
}

}  // namespace twin::feature
