// The reranker of a project, for commands that search without serving.
#pragma once

#include <memory>

#include "core/progress.h"
#include "inference/rag/answerability.h"
#include "inference/rag/rerank.h"
#include "models/engines/worker.h"
#include "ops/project/project.h"

namespace twin::ops {

/// A reranker and the worker it asks, if any.
struct StartedReranker {
  std::unique_ptr<models::Worker> worker;
  std::shared_ptr<inference::Reranker> reranker;  ///< null: off
};

/// Starts what `retrieval.rerank` names. Throws Fatal with what to do when it is not there: a cross-encoder is pulled
/// when its source is known, a learned one must have been trained for the index as it is.
[[nodiscard]] StartedReranker start_reranker(Project& project, ProgressSink& progress);

/// The GGUF of `models.reranker`, pulled when it is missing and its source is known. Throws Fatal.
[[nodiscard]] std::filesystem::path reranker_gguf(Project& project, ProgressSink& progress);

/// The file of the ranker trained on the project's index.
[[nodiscard]] std::filesystem::path ranker_file(Project& project);

/// The file of what decides whether the project's writing answers a question, and what lies there: that of indexes
/// which were not calibrated where there is none. A file that cannot be used is said in the log, and counts as none.
[[nodiscard]] std::filesystem::path answerability_file(Project& project);
[[nodiscard]] inference::Answerability answerability(Project& project);

}  // namespace twin::ops
