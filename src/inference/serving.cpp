#include "inference/serving.h"

#include <future>
#include <mutex>
#include <optional>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/log.h"
#include "inference/rag/cross_encoder.h"
#include "inference/rag/learned_ranker.h"
#include "inference/rag/llm_judge.h"

namespace twin::inference {
namespace {

/// The adapter's file and what identifies its contents; both empty when there is none yet.
struct Adapter {
  std::filesystem::path gguf;
  std::string key;
};

std::string key_of(const models::Model& model) {
  Sha256 hash;
  for (const models::ModelFile& file : model.files) hash.field(file.name).field(file.sha256);
  return hash.hex();
}

Result<Adapter> find_adapter(const ServingSpec& spec, const models::ModelRegistry& registry) {
  if (spec.adapter.empty()) return Adapter{};
  const auto model = registry.find(spec.adapter);
  if (!model) return Adapter{};
  if (!model->base.empty() && model->base != spec.chat_model) {
    return fail(ErrorKind::invalid,
                tr("The adapter '{}' belongs to '{}', but '{}' is served", spec.adapter, model->base, spec.chat_model),
                registry.folder(spec.adapter).string(), tr("train again with `twin train`, or change the chat model"));
  }
  auto gguf = registry.gguf(spec.adapter);
  if (!gguf) return tl::unexpected(std::move(gguf.error()));
  return Adapter{std::move(*gguf), key_of(*model)};
}

Result<std::unique_ptr<models::Worker>> start_worker(const ServingSpec& spec, models::ModelRegistry& registry,
                                                     const std::string& name, const std::string& model,
                                                     const std::filesystem::path& adapter) {
  auto gguf = registry.gguf(model);
  if (!gguf) return tl::unexpected(std::move(gguf.error()));
  models::WorkerSpec worker;
  worker.name = name;
  worker.model = std::move(*gguf);
  worker.adapter = adapter;
  worker.embedding = name == "embed";
  worker.log_folder = spec.log_folder;
  worker.config = spec.worker;
  return spec.make_worker(std::move(worker));
}

Result<std::unique_ptr<models::Worker>> start_cross_encoder(const ServingSpec& spec) {
  if (spec.retrieval.rerank != "cross-encoder") return std::unique_ptr<models::Worker>();
  models::WorkerSpec worker;
  worker.name = "rerank";
  worker.model = spec.reranker;
  worker.rerank = true;
  worker.log_folder = spec.log_folder;
  worker.config = spec.worker;
  return spec.make_worker(std::move(worker));
}

/// Those that need no chat model.
Result<Rerankers> make_rerankers(const ServingSpec& spec, stores::Index& index, models::Worker* cross_encoder) {
  Rerankers rerankers;
  if (cross_encoder != nullptr) rerankers["cross-encoder"] = make_cross_encoder(*cross_encoder);
  if (spec.ranker.empty() && spec.retrieval.rerank != "learned") return rerankers;
  auto ranker = load_ranker(spec.ranker, index.model().hash);
  if (ranker) {
    rerankers["learned"] = make_learned_reranker(std::move(*ranker));
  } else if (spec.retrieval.rerank == "learned") {
    return tl::unexpected(std::move(ranker.error()));
  }
  return rerankers;
}

/// One that cannot be used is said and passed over: a question is worth an answer all the same.
Answerability answerability_of(const ServingSpec& spec, stores::Index& index) {
  if (spec.answerability.empty()) return uncalibrated();
  auto loaded = load_answerability(spec.answerability, index.model().hash);
  if (loaded) return std::move(*loaded);
  log::warn("{}", loaded.error().text());
  return uncalibrated();
}

}  // namespace

struct Serving::State {
  /// One generation of the chat model with what its assistant needs. The last request that holds it ends the worker.
  struct Live {
    std::shared_ptr<models::Worker> embedder, cross_encoder;
    std::unique_ptr<models::Worker> chat;
    std::optional<Assistant> assistant;
    std::string adapter_key;
  };

  ServingSpec spec;
  models::ModelRegistry& registry;
  stores::Index& index;
  stores::Runs* runs;
  std::shared_ptr<models::Worker> embedder;
  std::shared_ptr<models::Worker> cross_encoder;  ///< null: none
  Rerankers rerankers;                            ///< without the judge, which is of the chat model
  Answerability answerability;
  std::mutex refreshing;  ///< one refresh at a time
  std::mutex mutex;       ///< guards `live`
  std::shared_ptr<Live> live;

  std::shared_ptr<Live> current() {
    const std::lock_guard lock(mutex);
    return live;
  }

  std::shared_ptr<Live> make_live(std::unique_ptr<models::Worker> chat, const Adapter& adapter) {
    auto fresh = std::make_shared<Live>();
    fresh->embedder = embedder;
    fresh->cross_encoder = cross_encoder;
    fresh->chat = std::move(chat);
    fresh->adapter_key = adapter.key;
    Rerankers all = rerankers;
    all["llm"] = make_llm_judge(*fresh->chat, spec.retrieval);
    fresh->assistant.emplace(spec.retrieval, Assistant::Parts{.index = index,
                                                              .embedder = *fresh->embedder,
                                                              .chat = *fresh->chat,
                                                              .tokenizer = *fresh->chat,
                                                              .runs = runs,
                                                              .has_adapter = !adapter.gguf.empty(),
                                                              .rerankers = std::move(all),
                                                              .answerability = answerability,
                                                              .users = spec.users});
    return fresh;
  }
};

Serving::Serving(std::unique_ptr<State> state) : state_(std::move(state)) {}
Serving::~Serving() = default;

Result<std::unique_ptr<Serving>> Serving::start(ServingSpec spec, models::ModelRegistry& registry, stores::Index& index,
                                                stores::Runs* runs) {
  const auto adapter = find_adapter(spec, registry);
  if (!adapter) return tl::unexpected(adapter.error());
  if (!spec.adapter.empty() && adapter->gguf.empty()) {
    log::warn("adapter '{}' is not there yet: the base model is served", spec.adapter);
  }
  auto embed =
      std::async(std::launch::async, [&] { return start_worker(spec, registry, "embed", spec.embedding_model, {}); });
  auto chat = start_worker(spec, registry, "chat", spec.chat_model, adapter->gguf);
  auto embedder = embed.get();
  if (!chat) return tl::unexpected(std::move(chat.error()));
  if (!embedder) return tl::unexpected(std::move(embedder.error()));
  auto cross_encoder = start_cross_encoder(spec);
  if (!cross_encoder) return tl::unexpected(std::move(cross_encoder.error()));
  auto rerankers = make_rerankers(spec, index, cross_encoder->get());
  if (!rerankers) return tl::unexpected(std::move(rerankers.error()));

  std::unique_ptr<State> state;
  // An aggregate. NOLINTNEXTLINE(modernize-make-unique)
  state.reset(new State{std::move(spec),
                        registry,
                        index,
                        runs,
                        std::move(*embedder),
                        std::move(*cross_encoder),
                        std::move(*rerankers),
                        {},
                        {},
                        {},
                        {}});
  state->answerability = answerability_of(state->spec, index);
  state->live = state->make_live(std::move(*chat), *adapter);
  return std::unique_ptr<Serving>(new Serving(std::move(state)));
}

std::shared_ptr<Assistant> Serving::assistant() {
  auto live = state_->current();
  auto* assistant = &*live->assistant;
  return {std::move(live), assistant};
}

models::EmbeddingEngine& Serving::embedder() {
  return *state_->embedder;
}

bool Serving::ready() {
  const bool reranks = state_->cross_encoder == nullptr || state_->cross_encoder->healthy();
  return reranks && state_->embedder->healthy() && state_->current()->chat->healthy();
}

Result<bool> Serving::refresh_adapter() {
  const std::lock_guard one(state_->refreshing);
  const auto adapter = find_adapter(state_->spec, state_->registry);
  if (!adapter) return tl::unexpected(adapter.error());
  if (adapter->key == state_->current()->adapter_key) return false;
  auto chat = start_worker(state_->spec, state_->registry, "chat", state_->spec.chat_model, adapter->gguf);
  if (!chat) return tl::unexpected(std::move(chat.error()));
  auto fresh = state_->make_live(std::move(*chat), *adapter);
  {
    const std::lock_guard lock(state_->mutex);
    std::swap(state_->live, fresh);
  }
  log::info("adapter '{}' is loaded", state_->spec.adapter);
  return true;  // `fresh`, now the old generation, ends here or with its last request
}

}  // namespace twin::inference
