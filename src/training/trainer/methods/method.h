// A training method: from what the model says about the answers of a sample to the loss of that sample and its slope.
//
// Every method here is a function of the log-probabilities of whole answers (or of their mean over tokens), so it needs
// to know nothing of models, batches or gradients: the chain rule is one factor per answer. One file per method.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "training/train_job.h"

namespace twin::training {

/// One answer of a sample under the model that is trained, and under the reference (the same model, adapter off).
struct AnswerScore {
  double log_probability = 0;  ///< Σ log p of its tokens, nats
  std::int64_t tokens = 0;
  double reference = 0;  ///< the same under the reference; 0 unless Method::needs_reference()
};

/// The optimizer step that a sample is a part of: losses are means over it, however it is split for computing.
struct StepFacts {
  std::int64_t samples = 0;
  std::int64_t loss_tokens = 0;
  double kl = 0;  ///< KTO's estimate z₀ for this step
};

struct SampleLoss {
  double loss = 0;             ///< the sample's share of the step's loss: shares add up
  std::vector<double> slopes;  ///< ∂loss/∂log_probability of each answer
  /// Implicit rewards of preference methods, summed by StepLoss.
  double chosen_reward = 0, rejected_reward = 0;
  int chosen = 0, rejected = 0;  ///< how many answers the rewards are of
};

/// What one line of data must hold.
enum class SampleForm { text, conversation, preference, judged };

class Method {
 public:
  virtual ~Method() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  /// Forms of lines that it can learn from.
  [[nodiscard]] virtual std::vector<SampleForm> forms() const = 0;
  [[nodiscard]] virtual bool needs_reference() const { return false; }
  /// Whether each step needs the KL estimate from mismatched answers (KTO).
  [[nodiscard]] virtual bool needs_kl() const { return false; }
  /// Learning rate where the user names none.
  [[nodiscard]] virtual double default_lr() const = 0;
  /// What is done with a sample longer than max_length where the user does not say: "split" or "drop".
  [[nodiscard]] virtual std::string default_too_long() const { return "drop"; }
  /// `answers`: one, or chosen and rejected. `desirable`: the judgement of a judged sample.
  [[nodiscard]] virtual SampleLoss loss(std::span<const AnswerScore> answers, bool desirable,
                                        const StepFacts& step) const = 0;
};

/// The method that config.method names. Throws Fatal(usage) for an unknown one.
[[nodiscard]] std::unique_ptr<Method> make_method(const TrainConfig& config);

[[nodiscard]] std::unique_ptr<Method> make_text(const TrainConfig& config);
[[nodiscard]] std::unique_ptr<Method> make_sft(const TrainConfig& config);
[[nodiscard]] std::unique_ptr<Method> make_dpo(const TrainConfig& config);
[[nodiscard]] std::unique_ptr<Method> make_orpo(const TrainConfig& config);
[[nodiscard]] std::unique_ptr<Method> make_kto(const TrainConfig& config);

/// −log p per token, a mean over all tokens of the step.
[[nodiscard]] SampleLoss likelihood_loss(std::span<const AnswerScore> answers, const StepFacts& step);

/// log(1 + eˣ) and 1/(1 + e⁻ˣ), also for large |x|.
[[nodiscard]] double softplus(double x);
[[nodiscard]] double sigmoid(double x);

}  // namespace twin::training
