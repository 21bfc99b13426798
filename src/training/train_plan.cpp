#include "training/train_plan.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "training/json_binder.h"

namespace twin::training {
namespace {

void bind_plan(TrainPlan& plan, config::Binder& b) {
  b.group("config", plan.config, "");
  b.field("steps", plan.steps, "");
  b.field("samples", plan.samples, "");
  b.field("dropped", plan.dropped, "");
  b.field("eval_samples", plan.eval_samples, "");
  b.field("evaluations", plan.evaluations, "");
  b.field("tokens", plan.tokens, "");
  b.field("loss_tokens", plan.loss_tokens, "");
  b.field("tokens_per_step", plan.tokens_per_step, "");
  b.field("parts", plan.parts, "");
  b.field("largest_part", plan.largest_part, "");
  b.field("trained_weights", plan.trained_weights, "");
  b.group("memory", plan.memory, "");
  b.group("time", plan.time, "");
}

}  // namespace

void MemoryPlan::bind(config::Binder& b) {
  b.field("process", process, "");
  b.field("loading", loading, "");
  b.field("weights", weights, "");
  b.field("adapter", adapter, "");
  b.field("activations", activations, "");
  b.field("scratch", scratch, "");
  b.field("checkpoint", checkpoint, "");
}

std::int64_t MemoryPlan::peak() const {
  return process + std::max(loading, weights + adapter + activations + scratch + checkpoint);
}

void TimePlan::bind(config::Binder& b) {
  b.field("reference", reference, "");
  b.field("evaluation", evaluation, "");
  b.field("steps", steps, "");
  b.field("probe", probe, "");
}

Json to_json(const TrainPlan& plan) {
  TrainPlan copy = plan;
  return bound_to_json([&](config::Binder& b) { bind_plan(copy, b); });
}

Result<TrainPlan> train_plan_from_json(const Json& json) {
  TrainPlan plan;
  if (auto read = bound_from_json(json, "", [&](config::Binder& b) { bind_plan(plan, b); }); !read)
    return tl::unexpected(read.error());
  return plan;
}

}  // namespace twin::training
