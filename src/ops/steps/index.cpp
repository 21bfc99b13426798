// Step "index": every document of the warehouse is chunked, embedded and searchable.
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "feature/chunk/chunk.h"
#include "feature/clean/clean.h"
#include "feature/embed/build_index.h"
#include "ops/pipeline/step.h"
#include "ops/project/duplicates.h"
#include "ops/project/workers.h"

namespace twin::ops {
namespace {

Json key_config(StepContext& context) {
  Json key;
  key["clean_version"] = feature::clean_version;
  key["chunk_version"] = feature::chunk_version;
  for (const auto& [id, category] : context.project.categories()) {
    const Json chunking = feature::chunk_identity(category.chunk);
    key["chunk"][id] = chunking.at("rules");
    key["sentences"][id] = chunking.at("sentences");
    key["weight"][id] = category.retrieval_weight;
  }
  return key;
}

bool present(Project& project, const std::vector<stores::Artifact>& outputs) {
  return outputs.size() == 1 && project.index().digest() == outputs.front().sha256;
}

StepOutcome run(StepContext& context) {
  Project& project = context.project;
  const auto worker = start_embedding_worker(project);
  std::set<std::string> duplicates;
  for (const auto& entry : left_out(context)) duplicates.insert(entry.first);
  const feature::IndexReport report = feature::build_index(project.config().embed, {.warehouse = project.warehouse(),
                                                                                    .index = project.index(),
                                                                                    .embedder = *worker,
                                                                                    .tokenizer = *worker,
                                                                                    .categories = project.categories(),
                                                                                    .progress = context.progress,
                                                                                    .stop = context.stop,
                                                                                    .left_out = duplicates});
  if (context.stop.stop_requested()) throw Fatal(ErrorKind::cancelled, tr("Stopped"));
  return {.outputs = {{.name = "index", .sha256 = project.index().digest(), .kind = "digest", .detail = {}}},
          .summary = tr("{} documents: {} indexed, {} unchanged, {} removed; {} chunks", report.documents,
                        report.indexed, report.unchanged, report.removed, report.chunks),
          .failures = report.failures};
}

TWIN_STEP(index, "index",
          {.description = "Documents into chunks, vectors and the search index",
           .version = 1,
           .key_config = key_config,
           .present = present,
           .run = run})

}  // namespace
}  // namespace twin::ops
