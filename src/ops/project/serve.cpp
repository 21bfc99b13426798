#include "ops/project/serve.h"

#include "ops/project/rerankers.h"
#include "ops/project/workers.h"

namespace twin::ops {

std::unique_ptr<inference::Serving> start_serving(Project& project, bool traces) {
  const ProjectConfig& config = project.config();
  inference::ServingSpec spec;
  spec.chat_model = config.models.chat;
  spec.embedding_model = serving_embedder(project);
  spec.index_now = [&project] { return inference::ServedIndex{serving_embedder(project), &project.index()}; };
  spec.adapter = project.adapter_id();
  spec.worker = config.worker;
  spec.retrieval = config.retrieval;
  if (spec.retrieval.rerank == "cross-encoder") spec.reranker = reranker_gguf(project, silent_progress());
  spec.ranker = ranker_file(project);
  spec.answerability = answerability_file(project);
  spec.log_folder = project.layout().logs();
  spec.users = [&project] { return project.warehouse().users(); };
  return value_or_throw(inference::Serving::start(std::move(spec), project.models(), project.index(),
                                                  traces ? &project.runs() : nullptr));
}

}  // namespace twin::ops
