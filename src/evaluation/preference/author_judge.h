// Judge `author`: no model and no reader, only whose style is nearer to the author's. It knows nothing of what is said.
#pragma once

#include "evaluation/arm_style.h"
#include "evaluation/preference/preference.h"

namespace twin::evaluation {

/// By the style distance of the report (style_distance), both texts cut to the length of the shorter. Distances of
/// single answers are noisy (style.h): those that differ by less than `tie`, relatively to their mean, are a tie. Texts
/// below eval.style_min_words, and languages with too little other text of the author, stay open.
class AuthorJudge final : public PreferenceJudge {
 public:
  /// `style` outlives it.
  AuthorJudge(const ArmStyle& style, double tie) : style_(style), tie_(tie) {}

  [[nodiscard]] std::string name() const override { return "author"; }
  [[nodiscard]] std::string identity() const override;
  [[nodiscard]] Result<std::optional<Opinion>> decide(const BlindPair& pair) override;

 private:
  const ArmStyle& style_;
  double tie_;
};

}  // namespace twin::evaluation
