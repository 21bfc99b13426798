// Step "duplicates": which documents say what another one already says.
#include "feature/dedup/duplicates.h"

#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "feature/clean/clean.h"
#include "ops/pipeline/step.h"

namespace twin::ops {
namespace {

std::vector<feature::SourcePlace> places(Project& project) {
  std::vector<feature::SourcePlace> out;
  for (const feature::SourceConfig& source : project.config().sources) {
    if (source.source) out.push_back({source.type, source.source->location()});
  }
  return out;
}

Json key_config(StepContext& context) {
  Project& project = context.project;
  Json key;
  key["config"] = config::canonical(project.config().duplicates);
  key["duplicates_version"] = feature::duplicates_version;
  key["clean_version"] = feature::clean_version;
  for (const feature::SourcePlace& place : places(project)) key["sources"].push_back({place.type, place.location});
  return key;
}

bool present(Project& project, const std::vector<stores::Artifact>& outputs) {
  if (outputs.size() != 1) return false;
  const auto sha256 = sha256_file(project.layout().duplicates());
  return sha256 && *sha256 == outputs.front().sha256;
}

StepOutcome run(StepContext& context) {
  Project& project = context.project;
  const feature::DuplicatesReport report =
      feature::find_duplicates(project.config().duplicates, {.warehouse = project.warehouse(),
                                                             .sources = places(project),
                                                             .progress = context.progress,
                                                             .stop = context.stop});
  if (context.stop.stop_requested()) throw Fatal(ErrorKind::cancelled, tr("Stopped"));
  const std::string bytes = feature::to_jsonl(report.duplicates);
  value_or_throw(disk().write(project.layout().duplicates(), bytes));
  return {.outputs = {{.name = "duplicates", .sha256 = sha256_hex(bytes), .kind = "digest", .detail = {}}},
          .summary = tr("{} documents compared, {} near duplicates; {} too short to compare", report.documents,
                        report.duplicates.size(), report.too_short),
          .failures = report.failures};
}

TWIN_STEP(duplicates, "duplicates",
          {.description = "Near-duplicate documents linked to the one that stays",
           .version = 1,
           .key_config = key_config,
           .present = present,
           .run = run})

}  // namespace
}  // namespace twin::ops
