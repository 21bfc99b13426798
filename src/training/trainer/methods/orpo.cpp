// Odds-ratio preference optimization, Hong et al. 2024 (arXiv 2403.07691): no reference model.
//
// With P = exp of the mean log-probability of an answer's tokens (equation 3) and odds = P/(1−P) (equation 4):
//   −mean log p of the chosen answer − λ·log σ(log odds(y_w) − log odds(y_l))   (equations 6 and 7)
#include <algorithm>
#include <cmath>

#include "training/trainer/methods/method.h"

namespace twin::training {
namespace {

/// Mean log-probability, away from zero: an answer of probability one would have infinite odds.
double mean_log(const AnswerScore& answer) {
  return std::min(answer.log_probability / static_cast<double>(answer.tokens), -1e-7);
}

double log_odds(double mean) {
  return mean - std::log(-std::expm1(mean));
}

class Orpo final : public Method {
 public:
  explicit Orpo(double lambda) : lambda_(lambda) {}

  [[nodiscard]] std::string name() const override { return "orpo"; }
  [[nodiscard]] std::vector<SampleForm> forms() const override { return {SampleForm::preference}; }
  [[nodiscard]] double default_lr() const override { return 1e-4; }

  [[nodiscard]] SampleLoss loss(std::span<const AnswerScore> answers, bool, const StepFacts& step) const override {
    const double share = 1.0 / static_cast<double>(step.samples);
    const double chosen = mean_log(answers[0]), rejected = mean_log(answers[1]);
    const double ratio = log_odds(chosen) - log_odds(rejected);
    // d log odds / d mean = 1/(1 − P)
    const double pull = -lambda_ * sigmoid(-ratio);
    const double chosen_slope = -1.0 - pull / std::expm1(chosen);
    const double rejected_slope = pull / std::expm1(rejected);
    return {.loss = share * (-chosen + lambda_ * softplus(-ratio)),
            .slopes = {share * chosen_slope / static_cast<double>(answers[0].tokens),
                       share * rejected_slope / static_cast<double>(answers[1].tokens)},
            .chosen_reward = lambda_ * chosen,
            .rejected_reward = lambda_ * rejected,
            .chosen = 1,
            .rejected = 1};
  }

 private:
  double lambda_;
};

}  // namespace

std::unique_ptr<Method> make_orpo(const TrainConfig& config) {
  return std::make_unique<Orpo>(config.orpo.lambda);
}

}  // namespace twin::training
