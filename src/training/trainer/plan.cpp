#include "training/trainer/plan.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/hash.h"
#include "core/i18n.h"
#include "training/trainer/batches.h"
#include "training/trainer/memory_model.h"
#include "training/trainer/prepare.h"
#include "training/trainer/probe.h"
#include "training/trainer/training_set.h"

namespace twin::training {
namespace {

std::int64_t rows_of(const Group& group, const std::vector<EncodedSample>& samples, const TrainConfig& config) {
  const auto multiple = Transformer::row_multiple(scalar_type(config.dtype));
  std::int64_t tokens = 0;
  for (const auto index : group) tokens += samples[index].size();
  return (tokens + multiple - 1) / multiple * multiple;
}

PartShape shape_of(const Group& group, const std::vector<EncodedSample>& samples, const TrainConfig& config) {
  PartShape part{.rows = rows_of(group, samples, config), .loss_rows = loss_tokens(group, samples)};
  for (const auto index : group) part.longest = std::max(part.longest, samples[index].longest());
  return part;
}

double seconds(const Line& layers, double slice, const Group& group, const std::vector<EncodedSample>& samples,
               const TrainConfig& config) {
  return layers.at(rows_of(group, samples, config)) + slice * loss_slices(loss_tokens(group, samples));
}

std::vector<Group> all_parts(const std::vector<EncodedSample>& samples, const TrainConfig& config) {
  Group all(samples.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return split_group(all, samples, config.micro_tokens, config.packing);
}

/// Forward alone over all of them, once.
double pass_seconds(const Speed& speed, const std::vector<EncodedSample>& samples, const TrainConfig& config) {
  double sum = 0;
  for (const auto& part : all_parts(samples, config))
    sum += seconds(speed.infer, speed.infer_slice, part, samples, config);
  return sum;
}

std::int64_t count_evaluations(const TrainConfig& config, const TrainingSet& set, std::int64_t steps) {
  if (set.eval.empty()) return 0;
  return 2 + (config.eval_every > 0 ? (steps - 1) / config.eval_every : 0);
}

/// As much again for KTO, which scores a mismatched answer to each prompt.
double mismatched_factor(const Method& method) {
  return method.needs_kl() ? 2.0 : 1.0;
}

void add_time(TrainPlan& result, const TrainingSet& set, const Method& method,
              const std::vector<std::vector<Group>>& steps, const Speed& speed) {
  const auto& config = result.config;
  for (const auto& parts : steps) {
    result.time.steps += speed.update;
    for (const auto& part : parts) {
      result.time.steps += seconds(speed.learn, speed.learn_slice, part, set.train, config);
      if (method.needs_kl()) result.time.steps += seconds(speed.infer, speed.infer_slice, part, set.train, config);
    }
  }
  const double factor = mismatched_factor(method);
  const double once = pass_seconds(speed, set.eval, config) * factor;
  result.time.evaluation = static_cast<double>(result.evaluations) * once;
  if (method.needs_reference()) result.time.reference = pass_seconds(speed, set.train, config) * factor + once;
  result.time.probe = speed.seconds;
}

}  // namespace

TrainPlan plan(const TrainJob& job, const Hooks& hooks) {
  const auto method = make_method(job.config);
  TrainPlan result;
  result.config = resolve_config(job.config, *method);
  const auto& config = result.config;
  TrainJob resolved = job;
  resolved.config = config;

  use_threads(config.threads);
  const auto base = value_or_throw(GgufReader::open(job.base));
  const auto shape = value_or_throw(load_shape(base));
  const auto set = load_training_set(resolved, *method, base, value_or_throw(sha256_file(job.base)), hooks);
  write_dropped(resolved, set);
  const auto groups = plan_steps(set.train, config);
  if (groups.empty()) throw Fatal(ErrorKind::usage, tr("The job has no steps"), "epochs");
  const auto process = static_cast<std::int64_t>(resident_memory());

  std::vector<std::vector<Group>> steps;
  std::vector<Group> parts;
  PartShape largest;
  for (const auto& group : groups) {
    steps.push_back(split_group(group, set.train, config.micro_tokens, config.packing));
    for (const auto& part : steps.back()) {
      const auto one = shape_of(part, set.train, config);
      largest = {.rows = std::max(largest.rows, one.rows),
                 .loss_rows = std::max(largest.loss_rows, one.loss_rows),
                 .longest = std::max(largest.longest, one.longest)};
      parts.push_back(part);
    }
    for (const auto index : group) result.tokens += set.train[index].size();
    result.loss_tokens += loss_tokens(group, set.train);
  }
  result.steps = static_cast<std::int64_t>(groups.size());
  result.samples = static_cast<std::int64_t>(set.train.size());
  result.dropped = static_cast<std::int64_t>(set.dropped.size());
  result.eval_samples = static_cast<std::int64_t>(set.eval.size());
  result.evaluations = count_evaluations(config, set, result.steps);
  result.tokens_per_step = static_cast<double>(result.tokens) / static_cast<double>(result.steps);
  result.parts = static_cast<std::int64_t>(parts.size());
  result.largest_part = largest.rows;
  result.trained_weights = adapter_size(shape, config.lora);
  result.memory = value_or_throw(plan_memory(base, shape, config, largest, result.steps, process));

  emit(hooks, {{"event", "phase"}, {"phase", "probe"}});
  const bool infer = !set.eval.empty() || method->needs_reference() || method->needs_kl();
  add_time(result, set, *method, steps, measure_speed(base, config, shape.layers, infer, set.train, std::move(parts)));
  return result;
}

}  // namespace twin::training
