#include "ops/pipeline/why.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/i18n.h"

namespace twin::ops {
namespace {

using stores::StepRecord;
using stores::StepStatus;

/// Leaves of a JSON value by dotted path, in order.
void flatten(const Json& json, const std::string& path, std::map<std::string, std::string>& leaves) {
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) flatten(value, path.empty() ? key : path + "." + key, leaves);
  } else if (json.is_array()) {
    for (std::size_t i = 0; i < json.size(); ++i) flatten(json[i], path + "[" + std::to_string(i) + "]", leaves);
  } else {
    leaves[path] = json.dump();
  }
}

std::vector<std::string> differences(const std::string& before, const std::string& after) {
  std::map<std::string, std::string> old_leaves, new_leaves;
  flatten(Json::parse(before, nullptr, false), {}, old_leaves);
  flatten(Json::parse(after, nullptr, false), {}, new_leaves);
  std::vector<std::string> lines;
  for (const auto& [path, value] : new_leaves) {
    const auto old = old_leaves.find(path);
    if (old == old_leaves.end()) {
      lines.push_back(tr("{}: new, {}", path, value));
    } else if (old->second != value) {
      lines.push_back(path + ": " + old->second + " -> " + value);
    }
  }
  for (const auto& [path, value] : old_leaves) {
    if (!new_leaves.contains(path)) lines.push_back(tr("{}: gone, was {}", path, value));
  }
  return lines;
}

/// The newest earlier record of the step that finished, in any run before this one.
std::optional<StepRecord> earlier_record(stores::Runs& runs, const stores::RunRecord& run, const StepRecord& step) {
  constexpr int runs_searched = 1000;
  for (const stores::RunRecord& other : runs.runs(runs_searched)) {
    if (other.pipeline != run.pipeline || other.started >= run.started) continue;
    for (const StepRecord& record : runs.steps(other.id)) {
      const bool finished = record.status == StepStatus::done || record.status == StepStatus::cached;
      if (record.step == step.step && finished) return record;
    }
  }
  return std::nullopt;
}

}  // namespace

Why explain(stores::Runs& runs, const stores::RunRecord& run, const std::string& name) {
  const auto steps = runs.steps(run.id);
  const auto it = std::find_if(steps.begin(), steps.end(), [&](const StepRecord& s) { return s.step == name; });
  if (it == steps.end()) {
    std::string names;
    for (const StepRecord& step : steps) names += (names.empty() ? "" : ", ") + step.step;
    throw Fatal(ErrorKind::not_found, tr("Run {} has no step '{}'", run.id, name), {}, tr("it has: {}", names));
  }
  if (it->status == StepStatus::cached) {
    return {tr("Taken from the cache: nothing it depends on changed since run {}", it->reused_from), {}};
  }
  if (it->key.empty()) return {tr("It did not start: {}", it->summary), {}};
  const auto before = earlier_record(runs, run, *it);
  if (!before) return {tr("It ran because no finished run of it came before"), {}};
  if (before->key == it->key) {
    return {tr("It ran although nothing it depends on changed: it was forced, or its outputs were gone"), {}};
  }
  return {tr("It ran because this changed since run {}:", before->run_id),
          differences(before->key_parts, it->key_parts)};
}

}  // namespace twin::ops
