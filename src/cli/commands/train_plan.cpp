#include "cli/commands/train_plan.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/i18n.h"

namespace twin::cli {
namespace {

using training::MemoryPlan;
using training::TrainConfig;
using training::TrainPlan;

std::vector<config::ResolvedValue> values(TrainConfig config, const config::Origins& origins) {
  return config::resolved([&](config::Binder& b) { config.bind(b); }, origins);
}

/// Every key with its value and where that came from; what the machine or the method decided is marked so.
std::string configuration(const TrainConfig& asked, const TrainPlan& plan, const config::Origins& origins) {
  const auto before = values(asked, origins);
  const auto after = values(plan.config, origins);
  std::string text;
  for (std::size_t i = 0; i < after.size(); ++i) {
    const bool decided = before[i].value != after[i].value;
    text += fmt::format("  {:<44} # {}\n", after[i].key + ": " + after[i].value,
                        decided ? tr("for {}", before[i].value) : after[i].origin);
  }
  return text;
}

std::string gib(std::int64_t bytes) {
  return fmt::format("{:.2f}", static_cast<double>(bytes) / (1 << 30));
}

std::string duration(double seconds) {
  const std::int64_t whole = std::llround(seconds);
  if (whole < 60) return fmt::format("{:.1f} s", seconds);
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02} h", whole / 3600, whole % 3600 / 60);
}

std::string text_of(const TrainPlan& plan) {
  const MemoryPlan& memory = plan.memory;
  std::string text = tr("{} steps of {:.0f} tokens on average: {} samples, {} tokens, {} of them learned", plan.steps,
                        plan.tokens_per_step, plan.samples, plan.tokens, plan.loss_tokens) +
                     "\n";
  if (plan.dropped > 0) text += tr("{} samples will be left out: see dropped.jsonl", plan.dropped) + "\n";
  text +=
      tr("memory {} GiB: process {}, weights {}, adapter and optimizer {}, activations {}, scratch {}, checkpoint {}",
         gib(memory.peak()), gib(memory.process), gib(memory.weights), gib(memory.adapter), gib(memory.activations),
         gib(memory.scratch), gib(memory.checkpoint)) +
      "\n";
  text += tr("time {}: steps {} ({:.0f} tokens/s), evaluation {}, reference {}; measured in {}",
             duration(plan.time.total()), duration(plan.time.steps), plan.tokens_per_s(),
             duration(plan.time.evaluation), duration(plan.time.reference), duration(plan.time.probe));
  return text;
}

Json json_of(const TrainPlan& plan) {
  Json json = to_json(plan);
  json["peak_rss_bytes"] = plan.memory.peak();
  json["seconds"] = plan.time.total();
  json["tokens_per_s"] = plan.tokens_per_s();
  return json;
}

}  // namespace

int show_plan(Session& session, const training::TrainJob& job, const config::Origins& origins) {
  const TrainPlan plan = value_or_throw(training::run_planning(job, session.progress(), session.stop()));
  if (session.json()) {
    session.print(json_of(plan));
  } else {
    session.print(configuration(job.config, plan, origins) + text_of(plan));
  }
  return exit_code::done;
}

}  // namespace twin::cli
