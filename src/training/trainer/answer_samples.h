// What the model answers to a few prompts in the course of a run: people see there what a loss does not say.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "training/trainer/learner.h"
#include "training/trainer/prepare.h"
#include "training/trainer/token_text.h"
#include "training/trainer/training_set.h"

namespace twin::training {

struct AnswerPrompt {
  std::vector<std::int32_t> ids;
  std::string prompt;    ///< as people read it
  std::string expected;  ///< the author's own answer; empty where a prompt was given
};

class AnswerSamples {
 public:
  /// The prompts that the settings want: given ones, or the questions of validation samples of `set`, else of training
  /// samples. `job` is resolved and must outlive this. Throws Fatal: a prompt beyond the model's context, tokens that
  /// cannot be turned into text.
  AnswerSamples(const TrainJob& job, const GgufReader& base, const std::string& base_sha256, const TrainingSet& set,
                const Hooks& hooks);

  /// Whether answers are due behind this step; `last`: step of the last ones.
  [[nodiscard]] bool due(std::int64_t step, std::int64_t last) const;
  /// {"event":"samples","step","steps","answers":[{"prompt","expected","answer","tokens","ended"}]}. Changes nothing
  /// that training depends on. `before_token` may throw to stop.
  [[nodiscard]] Json take(const Transformer& model, std::int64_t step, std::int64_t steps,
                          const std::function<void()>& before_token) const;

 private:
  void take_given(const GgufReader& base, const std::string& base_sha256, const Hooks& hooks);
  void take_from(const std::vector<EncodedSample>& samples, const std::filesystem::path& file);

  const TrainJob& job_;
  TokenText text_;
  std::vector<std::int64_t> ends_;
  std::int64_t context_ = 0;
  std::vector<AnswerPrompt> prompts_;
};

}  // namespace twin::training
