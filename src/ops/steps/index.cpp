// Step "index": every document of the warehouse is chunked, embedded and searchable.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/log.h"
#include "feature/chunk/chunk.h"
#include "feature/clean/clean.h"
#include "feature/embed/build_index.h"
#include "ops/pipeline/step.h"
#include "ops/project/duplicates.h"
#include "ops/project/workers.h"
#include "stores/index/versions.h"

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
  ProjectConfig& config = context.project.config();
  if (!config.models.embedding_mmproj.empty()) key["picture_tokens"] = config.worker.picture_tokens;
  return key;
}

bool present(Project& project, const std::vector<stores::Artifact>& outputs) {
  return outputs.size() == 1 && project.index().digest() == outputs.front().sha256;
}

/// What the build fills: the serving index, or one beside it when the embedding model is another one.
struct Target {
  std::string version;
  std::unique_ptr<stores::Index> beside;  ///< null: the serving one
};

Target target_of(Project& project, models::EmbeddingEngine& embedder) {
  stores::IndexVersions& versions = project.index_versions();
  const std::string id = project.config().models.embedder();
  Target target{versions.prepare(id, {embedder.model_hash(), embedder.dimension()}), nullptr};
  if (target.version == versions.serving()) return target;
  target.beside = versions.open(target.version);
  log::info("{}", tr("The index is made again with {}; until it is complete, searches get the one made with {}", id,
                     versions.serving_embedder()));
  return target;
}

/// The switch. A build that brought nothing takes nobody's place.
void publish(Project& project, const Target& target, const feature::IndexReport& report) {
  const bool nothing = target.beside && report.documents > 0 && target.beside->counts().documents == 0;
  if (nothing) {
    Error error{ErrorKind::invalid,
                tr("No document could be indexed with this embedding model; the index stays as it was"),
                project.config().models.embedding, tr("choose another one in models.embedding")};
    if (!report.failures.empty()) error.message += fmt::format(" [{}]", report.failures.front().text());
    throw Fatal(std::move(error));
  }
  project.index_versions().publish(target.version, project.config().models.former_indexes);
}

StepOutcome run(StepContext& context) {
  Project& project = context.project;
  const auto worker = start_embedding_worker(project);
  const Target target = target_of(project, *worker);
  std::set<std::string> duplicates;
  for (const auto& entry : left_out(context)) duplicates.insert(entry.first);
  const feature::IndexReport report =
      feature::build_index(project.config().embed, {.warehouse = project.warehouse(),
                                                    .index = target.beside ? *target.beside : project.index(),
                                                    .embedder = *worker,
                                                    .tokenizer = *worker,
                                                    .categories = project.categories(),
                                                    .progress = context.progress,
                                                    .stop = context.stop,
                                                    .left_out = duplicates});
  if (context.stop.stop_requested()) throw Fatal(ErrorKind::cancelled, tr("Stopped"));
  publish(project, target, report);
  for (const Error& note : report.picture_notes) log::warn("{}", note.text());
  std::string summary = tr("{} documents: {} indexed, {} unchanged, {} removed; {} chunks", report.documents,
                           report.indexed, report.unchanged, report.removed, report.chunks);
  if (worker->sees_pictures()) summary += tr(", {} pictures", report.pictures);
  return {.outputs = {{.name = "index", .sha256 = project.index().digest(), .kind = "digest", .detail = {}}},
          .summary = std::move(summary),
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
