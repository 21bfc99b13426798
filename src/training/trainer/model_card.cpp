#include "training/trainer/model_card.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/hash.h"
#include "models/registry/registry.h"
#include "training/trainer/data_summary.h"
#include "training/trainer/footprint.h"

namespace twin::training {
namespace {

/// A YAML scalar that is safe whatever it holds: JSON's strings are YAML's.
std::string yaml_scalar(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string evaluation(const TrainJob& job, const TrainResult& result) {
  if (job.eval_data.empty()) return "No validation samples were given.\n";
  if (!result.eval_skipped.empty()) return "Nothing was evaluated: " + result.eval_skipped + ".\n";
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

std::string languages_of(const DataSummary& data) {
  std::string text;
  for (const auto& [code, lines] : data.languages)
    text += fmt::format(
        "{}{} {:.0f} %", text.empty() ? "" : ", ", code == "?" ? "unknown" : code,
        100.0 * static_cast<double>(lines) / static_cast<double>(std::max<std::int64_t>(1, data.inspected)));
  return text;
}

/// A row of the table, and what its lines say of where they are from.
std::string data_row(const char* use, const DataSummary& data, std::size_t used, std::size_t dropped) {
  return fmt::format("| {} | `{}` | {} | {} | {} | {} | `{}` |\n", use, data.name, data.lines, used, dropped,
                     languages_of(data), data.sha256);
}

std::string data_section(const TrainJob& job, const TrainingSet& set, const DataSummary& train) {
  std::string text =
      "## Data\n\n| use | file | lines | samples used | left out | languages | SHA-256 "
      "|\n|---|---|---|---|---|---|---|\n" +
      data_row("training", train, set.train.size(), set.dropped.size());
  if (!job.eval_data.empty())
    text += data_row("validation", summarize_data(job.eval_data), set.eval.size(), set.dropped_eval.size());
  text += "\n";
  if (!set.dropped.empty()) text += "`dropped.jsonl` says which samples were left out, and why.\n";
  if (train.inspected < train.lines) text += fmt::format("Languages are those of {} lines.\n", train.inspected);
  if (train.documents > 0) text += fmt::format("The training samples are from {} documents.\n", train.documents);
  for (const auto& [generator, lines] : train.generators)
    text += fmt::format("Made by `{}`: {} lines.\n", generator, lines);
  return text;
}

std::string settings_section(TrainConfig config, const std::string& chat_template) {
  return fmt::format(
      "## Training\n\n"
      "- method {}; rank {}, alpha {}{}, dropout {}, on {}\n"
      "- steps of {}; {}, learning rate {}, warm-up {:.0f} %, {} to {:.0f} %, seed {}, {}\n{}"
      "\nAll settings that the result depends on:\n\n```json\n{}\n```\n",
      config.method, config.lora.r, config.lora.alpha,
      config.lora.rslora ? " (rank-stabilized)"
      : config.lora.dora ? " (DoRA)"
                         : "",
      config.lora.dropout, fmt::join(config.lora.targets, ", "), step_size(config),
      config.optimizer == "adamw8bit" ? "8-bit AdamW" : "AdamW", config.lr, 100 * config.warmup, config.schedule,
      100 * config.min_lr, config.seed, config.dtype, chat_template, config::canonical(config).dump(1));
}

std::string cost_section(const FootprintConfig& config, const TrainResult& result) {
  const Footprint cost = estimate_footprint(result.seconds, config);
  return fmt::format(
      "## Time, energy, carbon\n\n"
      "{:.0f} s for the steps ({:.0f} tokens/s), {:.2f} GiB at most. An estimate: {:.1f} cores were busy, so {:.0f} "
      "core-seconds; at {} W a core {:.2f} Wh; at {} g CO2e per kWh {:.2f} g CO2e (set by `footprint.core_watts` "
      "and `footprint.grid_co2`). The rest of the machine, cooling and graphics processors are not in it.\n",
      result.seconds, result.tokens_per_s, static_cast<double>(result.peak_rss_bytes) / (1 << 30), cost.cores,
      cost.cpu_seconds, config.core_watts, cost.watt_hours, config.grid_co2, cost.grams_co2e);
}

std::string front_matter(const std::string& base, const std::string& license, const std::string& method,
                         const DataSummary& data) {
  std::string text = "---\n";
  if (!license.empty()) text += "license: " + yaml_scalar(license) + "\n";
  text += "base_model: " + yaml_scalar(base) + "\nlibrary_name: peft\n";
  std::string codes;
  for (const auto& [code, lines] : data.languages) {
    if (code != "?" && lines * 20 >= data.inspected) codes += (codes.empty() ? "" : ", ") + code;
  }
  if (!codes.empty()) text += "language: [" + codes + "]\n";
  return text + "tags: [lora, " + method + "]\n---\n\n";
}

}  // namespace

std::string model_card(const TrainJob& job, const TrainResult& result, const TrainingSet& set) {
  const auto& config = job.config;
  const auto base = job.base_name.empty() ? job.base.filename().string() : job.base_name;
  const auto chat_template =
      set.default_template.empty()
          ? std::string()
          : fmt::format("- chat template: {}, the default, because the base model has none\n", set.default_template);
  const auto info = models::read_gguf(job.base);
  const std::string license = info ? info->license : std::string();
  const DataSummary data = summarize_data(job.data);
  std::string card = front_matter(base, license, config.method, data);
  card += fmt::format(
      "# LoRA adapter for {}\n\n"
      "`adapter/` is in the format of Hugging Face PEFT, {}. The base: `{}`, SHA-256 `{}`. {}\n\n",
      base,
      config.lora.dora ? "`merged/` is base and adapter as one GGUF"
                       : "`adapter.gguf` in that of llama.cpp; both hold the same weights",
      job.base.filename().string(), sha256_file(job.base).value_or(""),
      license.empty() ? "Its licence is not known." : "Its licence: " + license + ".");
  card += data_section(job, set, data) + "\n" + settings_section(config, chat_template) + "\n";
  card +=
      fmt::format("## Results\n\n{} steps, {} tokens seen, loss on {} of them; loss of the last step {:.4f}.\n\n{}\n",
                  result.steps, result.tokens, result.loss_tokens, result.final_loss, evaluation(job, result));
  return card + cost_section(config.footprint, result);
}

}  // namespace twin::training
