// Step "collect": what the sources hold now is in the warehouse.
#include <nlohmann/json.hpp>

#include "core/hash.h"
#include "core/i18n.h"
#include "feature/clean/clean.h"
#include "feature/collect/collect.h"
#include "feature/quality/quality.h"
#include "ops/pipeline/step.h"
#include "ops/project/collecting.h"

namespace twin::ops {
namespace {

Json key_config(StepContext& context) {
  Project& project = context.project;
  ProjectConfig& config = project.config();
  Json key;
  key["config"] = config::canonical([&](config::Binder& b) {
    b.list("sources", config.sources, "");
    b.list("authors", config.authors, "");
    b.group("collect", config.collect, "");
  });
  for (const auto& [id, category] : project.categories()) {
    feature::CleanRules rules = category.clean;
    feature::QualityRules quality = category.quality;
    key["clean"][id] = config::canonical(rules);
    key["quality"][id] = config::canonical(quality);
  }
  key["clean_version"] = feature::clean_version;
  key["quality_version"] = feature::quality_version;
  const std::string seen =
      feature::fingerprint(config.sources, collect_context(project, context.progress, context.stop));
  // A source that can only tell by fetching makes the key unique: the step runs, and touches only what changed. So does
  // a run that reads a part only: it is not what the whole would have been.
  const auto& selection = config.collect_selection;
  const bool whole = selection.only.empty() && !selection.retry;
  // A program that reads pictures was installed, or another one. (Only where the fingerprint can tell at all.)
  if (!seen.empty() && config.collect.images.ocr != "off") key["ocr"] = feature::ocr_identity(config.collect.images);
  if (config.collect.images.keep) key["pictures"] = "kept";
  key["fingerprint"] = seen.empty() || !whole ? random_id("unknown") : seen;
  return key;
}

bool present(Project& project, const std::vector<stores::Artifact>& outputs) {
  return outputs.size() == 1 && project.warehouse().digest() == outputs.front().sha256;
}

StepOutcome run(StepContext& context) {
  Project& project = context.project;
  const ProjectConfig& config = project.config();
  if (config.sources.empty()) {
    throw Fatal(ErrorKind::usage, tr("twin.yaml names no sources"), project.layout().config().string(),
                tr("add one under sources:, or run twin init with your links"));
  }
  const feature::CollectContext with = collect_context(project, context.progress, context.stop);
  const auto before = last_collect(project);
  const feature::CollectReport report =
      feature::collect(config.collect, config.sources, config.authors, with, config.collect_selection);
  if (context.stop.stop_requested()) throw Fatal(ErrorKind::cancelled, tr("Stopped"));
  return {.outputs = {{.name = "warehouse", .sha256 = project.warehouse().digest(), .kind = "digest", .detail = {}}},
          .summary = tr("{} seen: {} new, {} changed, {} unchanged, {} gone", report.seen,
                        report.inserted + report.revived, report.updated, report.unchanged, report.deleted),
          .failures = {report.failures.begin(), report.failures.end()},
          .details = collect_details(report, before, config.collect_selection)};
}

TWIN_STEP(collect, "collect",
          {.description = "Sources into the warehouse",
           .version = 1,
           .key_config = key_config,
           .present = present,
           .run = run})

}  // namespace
}  // namespace twin::ops
