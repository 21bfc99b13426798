// Kahneman-Tversky optimization, Ethayarajh et al. 2024 (arXiv 2402.01306): single answers, judged good or bad.
//
// With r = log π(y|x)/π_ref(y|x) and z₀, an estimate of KL(π‖π_ref) from answers that belong to other prompts, held
// constant (section 4.1):
//   desirable    λ_D·(1 − σ(β·(r − z₀)))
//   undesirable  λ_U·(1 − σ(β·(z₀ − r)))
#include "training/trainer/methods/method.h"

namespace twin::training {
namespace {

class Kto final : public Method {
 public:
  explicit Kto(const KtoConfig& config) : config_(config) {}

  [[nodiscard]] std::string name() const override { return "kto"; }
  [[nodiscard]] std::vector<SampleForm> forms() const override { return {SampleForm::judged}; }
  [[nodiscard]] bool needs_reference() const override { return true; }
  [[nodiscard]] bool needs_kl() const override { return true; }
  [[nodiscard]] double default_lr() const override { return 5e-5; }

  [[nodiscard]] SampleLoss loss(std::span<const AnswerScore> answers, bool desirable,
                                const StepFacts& step) const override {
    const double reward = answers[0].log_probability - answers[0].reference;
    const double sign = desirable ? 1.0 : -1.0;
    const double weight =
        (desirable ? config_.desirable_weight : config_.undesirable_weight) / static_cast<double>(step.samples);
    const double value = sigmoid(sign * config_.beta * (reward - step.kl));
    SampleLoss result{.loss = weight * (1.0 - value),
                      .slopes = {-weight * sign * config_.beta * value * (1.0 - value)}};
    (desirable ? result.chosen_reward : result.rejected_reward) = config_.beta * reward;
    (desirable ? result.chosen : result.rejected) = 1;
    return result;
  }

 private:
  KtoConfig config_;
};

}  // namespace

std::unique_ptr<Method> make_kto(const TrainConfig& config) {
  return std::make_unique<Kto>(config.kto);
}

}  // namespace twin::training
