// Serving: the workers of a project, kept running, and the assistant over them; a new adapter, and an index of another
// embedding model, are taken over while it runs.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "core/progress.h"
#include "inference/assistant.h"
#include "models/engines/worker.h"
#include "models/registry/registry.h"

namespace twin::inference {

/// The index that serves, and the name (models::embedder_name()) of the embedding model that it was made with.
struct ServedIndex {
  std::string embedding_model;
  stores::Index* index = nullptr;
};

struct ServingSpec {
  std::string chat_model;          ///< registry id
  std::string embedding_model;     ///< models::embedder_name()
  std::string adapter;             ///< registry id, empty: none
  std::filesystem::path reranker;  ///< GGUF of a cross-encoder, started when retrieval.rerank asks for it
  std::filesystem::path ranker;    ///< file of a learned ranker; one that is not there matters when it is asked for
  std::filesystem::path answerability;  ///< file of a calibration; where there is none, the uncalibrated one decides
  models::WorkerConfig worker;
  RetrievalConfig retrieval;
  std::filesystem::path log_folder;
  /// What serves now; when it is another index than before, refresh_index() moves there. Empty: it stays the same one.
  std::function<ServedIndex()> index_now;
  std::function<std::vector<stores::User>()> users;  ///< who wrote, for filters that a question speaks of
  /// How a worker is made; tests give a fake.
  std::function<Result<std::unique_ptr<models::Worker>>(models::WorkerSpec)> make_worker = models::Worker::start;
};

/// Owns the workers. Thread-safe. `registry`, every index and `runs` outlive it and every assistant handed out.
class Serving {
 public:
  /// Starts both workers side by side and returns when they are ready. An adapter that is not there yet (nothing was
  /// trained so far) is not an error: the base model is served until refresh_adapter() finds one. An adapter of another
  /// base model is ErrorKind::invalid.
  [[nodiscard]] static Result<std::unique_ptr<Serving>> start(ServingSpec spec, models::ModelRegistry& registry,
                                                              stores::Index& index, stores::Runs* runs);
  ~Serving();
  /// The current one. Whoever holds it keeps its workers alive: hold it for one request only.
  [[nodiscard]] std::shared_ptr<Assistant> assistant();
  /// The embedding model that serves now, under one reference; a models::Tokenizer, too.
  [[nodiscard]] models::EmbeddingEngine& embedder();
  [[nodiscard]] std::string embedding_model();
  [[nodiscard]] bool ready();
  /// Loads the registry's newest adapter when its files changed: a second worker starts, requests move over, the old
  /// one ends after its last request. Returns whether it did. When the new worker does not start, the old one goes on
  /// and the error says why.
  [[nodiscard]] Result<bool> refresh_adapter();
  /// Moves to the index that serves now, when it is another one: a worker of its embedding model starts, then requests
  /// get both at once; those that run end with the old ones. Returns whether it did; otherwise the old ones go on.
  [[nodiscard]] Result<bool> refresh_index();

 private:
  struct State;
  explicit Serving(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace twin::inference
