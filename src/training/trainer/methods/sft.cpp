// Supervised fine-tuning: −log p of the assistant's turns, given what came before them.
#include "training/trainer/methods/method.h"

namespace twin::training {
namespace {

class Sft final : public Method {
 public:
  [[nodiscard]] std::string name() const override { return "sft"; }
  [[nodiscard]] std::vector<SampleForm> forms() const override { return {SampleForm::conversation, SampleForm::text}; }
  [[nodiscard]] double default_lr() const override { return 5e-4; }
  [[nodiscard]] SampleLoss loss(std::span<const AnswerScore> answers, bool, const StepFacts& step) const override {
    return likelihood_loss(answers, step);
  }
};

}  // namespace

std::unique_ptr<Method> make_sft(const TrainConfig&) {
  return std::make_unique<Sft>();
}

}  // namespace twin::training
