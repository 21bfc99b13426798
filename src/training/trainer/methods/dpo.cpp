// Direct preference optimization, Rafailov et al. 2023 (arXiv 2305.18290), and its variant IPO, Azar et al. 2023
// (arXiv 2310.12036).
//
// With h = log π(y_w|x)/π_ref(y_w|x) − log π(y_l|x)/π_ref(y_l|x):
//   sigmoid (equation 7):  −log σ(β·h); with label smoothing ε (Mitchell 2023) −(1−ε)·log σ(β·h) − ε·log σ(−β·h)
//   ipo (equation 17):     (h − 1/(2β))²
#include "training/trainer/methods/method.h"

namespace twin::training {
namespace {

class Dpo final : public Method {
 public:
  explicit Dpo(const DpoConfig& config) : config_(config) {}

  [[nodiscard]] std::string name() const override { return "dpo"; }
  [[nodiscard]] std::vector<SampleForm> forms() const override { return {SampleForm::preference}; }
  [[nodiscard]] bool needs_reference() const override { return true; }
  [[nodiscard]] double default_lr() const override { return 5e-5; }

  [[nodiscard]] SampleLoss loss(std::span<const AnswerScore> answers, bool, const StepFacts& step) const override {
    const double share = 1.0 / static_cast<double>(step.samples);
    const double chosen = answers[0].log_probability - answers[0].reference;
    const double rejected = answers[1].log_probability - answers[1].reference;
    const double h = chosen - rejected;
    const double beta = config_.beta;
    double loss = 0, slope = 0;  // of h
    if (config_.loss == "ipo") {
      const double distance = h - 1.0 / (2.0 * beta);
      loss = distance * distance;
      slope = 2.0 * distance;
    } else {
      const double smoothing = config_.label_smoothing;
      loss = (1.0 - smoothing) * softplus(-beta * h) + smoothing * softplus(beta * h);
      slope = beta * (smoothing * sigmoid(beta * h) - (1.0 - smoothing) * sigmoid(-beta * h));
    }
    return {.loss = loss * share,
            .slopes = {slope * share, -slope * share},
            .chosen_reward = beta * chosen,
            .rejected_reward = beta * rejected,
            .chosen = 1,
            .rejected = 1};
  }

 private:
  DpoConfig config_;
};

}  // namespace

std::unique_ptr<Method> make_dpo(const TrainConfig& config) {
  return std::make_unique<Dpo>(config.dpo);
}

}  // namespace twin::training
