// Continued pre-training: every token of plain texts is learned, which carries style without questions.
#include "training/trainer/methods/method.h"

namespace twin::training {
namespace {

class Text final : public Method {
 public:
  [[nodiscard]] std::string name() const override { return "text"; }
  [[nodiscard]] std::vector<SampleForm> forms() const override { return {SampleForm::text}; }
  [[nodiscard]] double default_lr() const override { return 5e-4; }
  [[nodiscard]] std::string default_too_long() const override { return "split"; }
  [[nodiscard]] SampleLoss loss(std::span<const AnswerScore> answers, bool, const StepFacts& step) const override {
    return likelihood_loss(answers, step);
  }
};

}  // namespace

std::unique_ptr<Method> make_text(const TrainConfig&) {
  return std::make_unique<Text>();
}

}  // namespace twin::training
