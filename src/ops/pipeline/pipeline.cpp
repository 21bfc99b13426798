#include "ops/pipeline/pipeline.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/i18n.h"
#include "core/process.h"
#include "core/text/unicode.h"
#include "ops/pipeline/step.h"

namespace twin::ops {
namespace {

Result<void> check_names(const Pipeline& pipeline, const std::string& file) {
  std::vector<std::string> ids, plugins;
  for (const auto& [id, entry] : StepRegistry::instance().entries()) plugins.push_back(id);
  std::set<std::string> seen;
  for (const PipelineStep& step : pipeline.steps) {
    if (!seen.insert(step.id).second) return fail(ErrorKind::usage, tr("Step '{}' is listed twice", step.id), file);
    ids.push_back(step.id);
    if (!StepRegistry::instance().find(step.run)) {
      const std::string near = text::nearest(step.run, plugins);
      return fail(ErrorKind::usage, tr("Step '{}' runs '{}', which does not exist", step.id, step.run), file,
                  near.empty() ? std::string() : tr("did you mean '{}'?", near));
    }
  }
  for (const PipelineStep& step : pipeline.steps) {
    for (const std::string& need : step.needs) {
      if (seen.contains(need)) continue;
      const std::string near = text::nearest(need, ids);
      return fail(ErrorKind::usage, tr("Step '{}' needs '{}', which is not in the pipeline", step.id, need), file,
                  near.empty() ? std::string() : tr("did you mean '{}'?", near));
    }
  }
  return {};
}

/// Kahn's algorithm, keeping the order of the file among steps that are ready together.
Result<void> sort_topologically(Pipeline& pipeline, const std::string& file) {
  std::vector<PipelineStep> sorted;
  std::set<std::string> done;
  std::vector<PipelineStep> rest = pipeline.steps;
  while (!rest.empty()) {
    const auto ready = std::find_if(rest.begin(), rest.end(), [&](const PipelineStep& step) {
      return std::all_of(step.needs.begin(), step.needs.end(), [&](const auto& need) { return done.contains(need); });
    });
    if (ready == rest.end()) {
      return fail(ErrorKind::usage, tr("Steps need each other in a circle, among them '{}'", rest.front().id), file);
    }
    done.insert(ready->id);
    sorted.push_back(std::move(*ready));
    rest.erase(ready);
  }
  pipeline.steps = std::move(sorted);
  return {};
}

}  // namespace

void PipelineStep::bind(config::Binder& b) {
  b.field("id", id, "Name of the step in this pipeline", {.required = true});
  b.field("run", run, "Step plug-in (default: the id)");
  b.field("needs", needs, "Steps whose outputs it reads");
  b.field("retries", retries, "Further attempts after a network or I/O failure", {.min = 0, .max = 100});
}

void Pipeline::bind(config::Binder& b) {
  b.field("description", description, "What the pipeline makes");
  b.list("steps", steps, "Steps of the pipeline");
}

const PipelineStep* Pipeline::find(const std::string& id) const {
  const auto it = std::find_if(steps.begin(), steps.end(), [&](const PipelineStep& step) { return step.id == id; });
  return it == steps.end() ? nullptr : &*it;
}

Result<Pipeline> load_pipeline(const std::filesystem::path& file) {
  Pipeline pipeline;
  pipeline.name = file.stem().string();
  const config::Layer layer{.file = file, .values = {}, .origin = {}};
  const auto errors = config::read({layer}, [&](config::Binder& b) { pipeline.bind(b); });
  if (!errors.empty()) return tl::unexpected(errors.front());
  for (PipelineStep& step : pipeline.steps) {
    if (step.run.empty()) step.run = step.id;
  }
  if (auto checked = check_names(pipeline, file.string()); !checked) return tl::unexpected(checked.error());
  if (auto sorted = sort_topologically(pipeline, file.string()); !sorted) return tl::unexpected(sorted.error());
  return pipeline;
}

Result<Pipeline> up_to(const Pipeline& pipeline, const std::vector<std::string>& targets) {
  std::set<std::string> wanted;
  std::vector<std::string> open = targets;
  while (!open.empty()) {
    const std::string id = open.back();
    open.pop_back();
    const PipelineStep* step = pipeline.find(id);
    if (!step) return fail(ErrorKind::usage, tr("The pipeline '{}' has no step '{}'", pipeline.name, id));
    if (!wanted.insert(id).second) continue;
    open.insert(open.end(), step->needs.begin(), step->needs.end());
  }
  Pipeline part = pipeline;
  std::erase_if(part.steps, [&](const PipelineStep& step) { return !wanted.contains(step.id); });
  return part;
}

Result<std::filesystem::path> find_pipeline(const std::filesystem::path& home, const std::string& name) {
  const std::filesystem::path own = home / "pipelines" / (name + ".yaml");
  if (std::filesystem::exists(own)) return own;
  return find_data("pipelines/" + name + ".yaml");
}

}  // namespace twin::ops
