#include "ops/project/rerankers.h"

#include "core/i18n.h"
#include "core/log.h"
#include "inference/rag/cross_encoder.h"
#include "inference/rag/learned_ranker.h"
#include "inference/rag/llm_judge.h"
#include "models/registry/known_models.h"
#include "ops/project/pull.h"
#include "ops/project/workers.h"

namespace twin::ops {

std::filesystem::path reranker_gguf(Project& project, ProgressSink& progress) {
  const ModelsConfig& models = project.config().models;
  if (models.reranker.empty()) {
    throw Fatal(ErrorKind::usage, tr("retrieval.rerank is cross-encoder, but models.reranker names no model"),
                "models.reranker", tr("name one in twin.yaml, such as bge-reranker-v2-m3"));
  }
  const std::string from =
      models.reranker_from.empty() ? models::known_reference(models.reranker) : models.reranker_from;
  ensure_model(project, models.reranker, from, progress);
  return value_or_throw(project.models().gguf(models.reranker));
}

std::filesystem::path ranker_file(Project& project) {
  return inference::ranker_file(project.layout().state(), project.index().model().hash);
}

std::filesystem::path answerability_file(Project& project) {
  return inference::answerability_file(project.layout().state(), project.index().model().hash);
}

inference::Answerability answerability(Project& project) {
  auto loaded = inference::load_answerability(answerability_file(project), project.index().model().hash);
  if (loaded) return std::move(*loaded);
  log::warn("{}", loaded.error().text());
  return inference::uncalibrated();
}

StartedReranker start_reranker(Project& project, ProgressSink& progress) {
  const inference::RetrievalConfig& config = project.config().retrieval;
  StartedReranker started;
  if (config.rerank == "learned") {
    started.reranker = inference::make_learned_reranker(
        value_or_throw(inference::load_ranker(ranker_file(project), project.index().model().hash)));
  } else if (config.rerank == "llm") {
    started.worker = start_chat_worker(project);
    started.reranker = inference::make_llm_judge(*started.worker, config);
  } else if (config.rerank == "cross-encoder") {
    models::WorkerSpec spec;
    spec.name = "rerank";
    spec.model = reranker_gguf(project, progress);
    spec.rerank = true;
    spec.log_folder = project.layout().logs();
    spec.config = project.config().worker;
    spec.config.slots = 1;
    started.worker = value_or_throw(models::Worker::start(std::move(spec)));
    started.reranker = inference::make_cross_encoder(*started.worker);
  }
  return started;
}

}  // namespace twin::ops
