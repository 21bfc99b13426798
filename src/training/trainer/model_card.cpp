#include "training/trainer/model_card.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

namespace twin::training {
namespace {

std::string evaluation(const TrainJob& job, const TrainResult& result) {
  if (job.eval_data.empty()) return "No validation samples were given.\n";
  std::string table = fmt::format("| validation | base | adapter |\n|---|---|---|\n| loss | {:.4f} | {:.4f} |\n",
                                  result.base_eval_loss, result.eval_loss);
  if (job.config.method == "text" || job.config.method == "sft") {
    table +=
        fmt::format("| perplexity | {:.2f} | {:.2f} |\n", std::exp(result.base_eval_loss), std::exp(result.eval_loss));
  } else {
    table += fmt::format("| reward margin | 0 | {:.4f} |\n", result.reward_margin);
  }
  return table;
}

std::string step_size(const TrainConfig& config) {
  return config.batch_size > 0 ? fmt::format("{} samples", config.batch_size)
                               : fmt::format("at most {} tokens", config.batch_tokens);
}

}  // namespace

std::string model_card(const TrainJob& job, const TrainResult& result, const TrainingSet& set) {
  const auto& config = job.config;
  const auto base = job.base_name.empty() ? job.base.filename().string() : job.base_name;
  const auto chat_template =
      set.default_template.empty()
          ? std::string()
          : fmt::format("- chat template: {}, the default, because the base model has none\n", set.default_template);
  return fmt::format(
      "---\nbase_model: {}\nlibrary_name: peft\ntags: [lora, {}]\n---\n\n"
      "# LoRA adapter for {}\n\n"
      "`adapter/` is in the format of Hugging Face PEFT, `adapter.gguf` in that of llama.cpp; both hold the same "
      "weights.\n\n"
      "- method {}; rank {}, alpha {}, dropout {}, on {}\n"
      "- {} samples ({} dropped), {} steps of {}, {} tokens seen, loss on {} tokens\n"
      "- AdamW, learning rate {}, warm-up {:.0f} %, {} to {:.0f} %, seed {}, {}\n{}\n{}",
      base, config.method, base, config.method, config.lora.r, config.lora.alpha, config.lora.dropout,
      fmt::join(config.lora.targets, ", "), set.train.size(), result.dropped, result.steps, step_size(config),
      result.tokens, result.loss_tokens, config.lr, 100 * config.warmup, config.schedule, 100 * config.min_lr,
      config.seed, config.dtype, chat_template, evaluation(job, result));
}

}  // namespace twin::training
