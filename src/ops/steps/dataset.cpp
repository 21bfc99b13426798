#include "ops/steps/dataset.h"

#include <numeric>

#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "feature/clean/clean.h"
#include "feature/generators/generator.h"
#include "feature/overlap/decontaminate.h"
#include "feature/privacy/pii.h"
#include "feature/quality/quality.h"
#include "models/prompts/prompts.h"
#include "ops/project/dataset_model.h"
#include "ops/project/duplicates.h"

namespace twin::ops {
namespace {

/// The model that a generator asks, and the prompts it asks with.
Json generator_key(Project& project, std::string_view kind, const std::string& id) {
  return Json{{"model", dataset_model_id(project, kind)},
              {"version", feature::generator_version(project.config().dataset, id, kind)}};
}

}  // namespace

feature::DatasetContext dataset_context(StepContext& context, const std::string& kind) {
  Project& project = context.project;
  return {.warehouse = project.warehouse(),
          .objects = project.runs().objects(),
          .categories = project.categories(),
          .progress = context.progress,
          .folder = project.layout().dataset(kind),
          .stop = context.stop,
          .duplicates = left_out(context),
          .decisions = project.layout().decisions()};
}

Json dataset_key(StepContext& context) {
  Project& project = context.project;
  Json key;
  key["config"] = config::canonical(project.config().dataset);
  key["dataset_version"] = feature::dataset_version;
  key["clean_version"] = feature::clean_version;
  key["quality_version"] = feature::quality_version;
  key["pii_version"] = feature::pii_version;
  key["decontaminate_version"] = feature::decontaminate_version;
  for (const std::string& file : project.config().dataset.decontaminate) {
    key["decontaminate"].push_back(value_or_throw(sha256_file(file)));
  }
  for (const auto& [id, category] : project.categories()) {
    feature::DatasetRules rules = category.dataset;
    key["rules"][id] = config::canonical(rules);
    feature::QualityRules quality = category.quality;
    key["quality"][id] = config::canonical(quality);
  }
  key["prompts"] = models::digest(value_or_throw(models::load_prompts()));
  // By content: a review that comes to the same is the same.
  if (const auto decided = sha256_file(project.layout().decisions())) key["decisions"] = *decided;
  const feature::DatasetConfig& config = project.config().dataset;
  // Only where there is more than the default that asks no model, or the one the step's inputs name.
  if (config.generator != "extractive") key["generator"] = generator_key(project, "instruct", config.generator);
  if (config.preference_generator != "self-play" || !config.self_play_adapter.empty()) {
    key["preference_generator"] = generator_key(project, "preference", config.preference_generator);
  }
  return key;
}

bool dataset_present(Project& project, const std::vector<stores::Artifact>& outputs) {
  if (outputs.size() != 1) return false;
  const auto verified = feature::verify_dataset(project.layout().dataset(outputs.front().detail));
  return verified && *verified == outputs.front().sha256;
}

StepOutcome dataset_outcome(StepContext& context, const std::string& kind, const feature::DatasetReport& report) {
  if (context.stop.stop_requested()) throw Fatal(ErrorKind::cancelled, tr("Stopped"));
  const auto sum = [](const std::map<std::string, int>& counts) {
    return std::accumulate(counts.begin(), counts.end(), 0,
                           [](int total, const auto& entry) { return total + entry.second; });
  };
  return {.outputs = {{.name = "dataset." + kind, .sha256 = report.sha256, .kind = "digest", .detail = kind}},
          .summary = tr("{} samples kept, {} rejected with a reason", sum(report.counts), sum(report.reasons)),
          .failures = report.failures};
}

}  // namespace twin::ops
