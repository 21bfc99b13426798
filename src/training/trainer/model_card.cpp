#include "training/trainer/model_card.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

namespace twin::training {
namespace {

std::string evaluation(const TrainResult& result) {
  if (result.base_eval_loss <= 0) return "No validation samples were given.\n";
  return fmt::format(
      "| validation | base | adapter |\n|---|---|---|\n| nats per answer token | {:.4f} | {:.4f} |\n"
      "| perplexity | {:.2f} | {:.2f} |\n",
      result.base_eval_loss, result.eval_loss, std::exp(result.base_eval_loss), std::exp(result.eval_loss));
}

}  // namespace

std::string model_card(const TrainJob& job, const TrainResult& result, std::size_t samples) {
  const auto& config = job.config;
  const auto base = job.base_name.empty() ? job.base.filename().string() : job.base_name;
  return fmt::format(
      "---\nbase_model: {}\nlibrary_name: peft\ntags: [lora, sft]\n---\n\n"
      "# LoRA adapter for {}\n\n"
      "`adapter/` is in the format of Hugging Face PEFT, `adapter.gguf` in that of llama.cpp; both hold the same "
      "weights.\n\n"
      "- rank {}, alpha {}, dropout {}, on {}\n"
      "- {} samples ({} dropped), {} steps of at most {} tokens, {} tokens seen, loss on {} answer tokens\n"
      "- AdamW, learning rate {}, warm-up {:.0f} %, cosine to {:.0f} %, seed {}, {}\n\n{}",
      base, base, config.lora.r, config.lora.alpha, config.lora.dropout, fmt::join(config.lora.targets, ", "), samples,
      result.dropped, result.steps, config.batch_tokens, result.tokens, result.loss_tokens, config.lr,
      100 * config.warmup, 100 * config.min_lr, config.seed, config.dtype, evaluation(result));
}

}  // namespace twin::training
