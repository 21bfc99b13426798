#include "training/trainer/methods/method.h"

#include <cmath>
#include <map>

#include "core/i18n.h"

namespace twin::training {

std::unique_ptr<Method> make_method(const TrainConfig& config) {
  static const std::map<std::string, std::unique_ptr<Method> (*)(const TrainConfig&)> makers = {
      {"text", make_text}, {"sft", make_sft}, {"dpo", make_dpo}, {"orpo", make_orpo}, {"kto", make_kto}};
  const auto found = makers.find(config.method);
  if (found == makers.end())
    throw Fatal(ErrorKind::usage, tr("There is no training method '{}'", config.method), "method");
  return found->second(config);
}

SampleLoss likelihood_loss(std::span<const AnswerScore> answers, const StepFacts& step) {
  const double share = 1.0 / static_cast<double>(step.loss_tokens);
  return {.loss = -answers.front().log_probability * share, .slopes = {-share}};
}

double softplus(double x) {
  return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

double sigmoid(double x) {
  return x >= 0 ? 1.0 / (1.0 + std::exp(-x)) : std::exp(x) / (1.0 + std::exp(x));
}

}  // namespace twin::training
