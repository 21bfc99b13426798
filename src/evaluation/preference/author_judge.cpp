#include "evaluation/preference/author_judge.h"

#include <cmath>

#include "core/i18n.h"
#include "evaluation/evaluation.h"

namespace twin::evaluation {

std::string AuthorJudge::identity() const {
  return tr("nearer to the author's style; a tie within {:.3g} %", tie_ * 100);
}

Result<std::optional<Opinion>> AuthorJudge::decide(const BlindPair& pair) {
  const auto distances = style_.distances(*pair.question, pair.first, pair.second);
  if (!distances) return std::optional<Opinion>();
  const auto [first, second] = *distances;
  Opinion opinion;
  if (std::abs(first - second) > tie_ * (first + second) / 2) {
    opinion.verdict = first < second ? Verdict::first : Verdict::second;
  }
  return std::optional(opinion);
}

}  // namespace twin::evaluation
