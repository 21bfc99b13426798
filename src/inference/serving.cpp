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
#include "models/registry/embedder_name.h"

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
  auto files = models::embedder_files(registry, model);  // of a chat model, its one file
  if (!files) return tl::unexpected(std::move(files.error()));
  models::WorkerSpec worker;
  worker.name = name;
  worker.model = std::move(files->model);
  worker.projector = std::move(files->projector);
  worker.adapter = adapter;
  worker.embedding = worker.questions = name == "embed";
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

/// Those that need no chat model. A learned one lies beside that of the first index, under its own index's name.
Result<Rerankers> make_rerankers(const ServingSpec& spec, stores::Index& index, models::Worker* cross_encoder) {
  Rerankers rerankers;
  if (cross_encoder != nullptr) rerankers["cross-encoder"] = make_cross_encoder(*cross_encoder);
  if (spec.ranker.empty() && spec.retrieval.rerank != "learned") return rerankers;
  const std::string model = index.model().hash;
  const auto named = ranker_file({}, model).filename();
  auto ranker = load_ranker(spec.index_now ? spec.ranker.parent_path() / named : spec.ranker, model);
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
  const std::string model = index.model().hash;
  const auto named = answerability_file({}, model).filename();
  auto loaded =
      load_answerability(spec.index_now ? spec.answerability.parent_path() / named : spec.answerability, model);
  if (loaded) return std::move(*loaded);
  log::warn("{}", loaded.error().text());
  return uncalibrated();
}

}  // namespace

/// The index, the model that its questions are embedded with, and what is fitted to both.
struct Searching {
  stores::Index* index = nullptr;
  std::shared_ptr<models::Worker> embedder;
  std::string embedding_model;
  Rerankers rerankers;  ///< without the judge, which is of the chat model
  Answerability answerability;
};

/// Whichever embedding model serves now, under one reference.
class CurrentEmbedder final : public models::EmbeddingEngine, public models::Tokenizer {
 public:
  explicit CurrentEmbedder(std::function<std::shared_ptr<models::Worker>()> current) : current_(std::move(current)) {}
  Result<std::vector<std::vector<float>>> embed(const std::vector<std::string>& texts) override {
    return current_()->embed(texts);
  }
  Result<std::vector<std::vector<float>>> embed_queries(const std::vector<std::string>& texts) override {
    return current_()->embed_queries(texts);
  }
  Result<models::Encoded> encode(const models::EncodeRequest& request) override { return current_()->encode(request); }
  [[nodiscard]] bool sees_pictures() const override { return current_()->sees_pictures(); }
  Result<std::vector<float>> embed_picture(std::string_view bytes) override { return current_()->embed_picture(bytes); }
  [[nodiscard]] int dimension() const override { return current_()->dimension(); }
  [[nodiscard]] int window_tokens() const override { return current_()->window_tokens(); }
  [[nodiscard]] std::string model_hash() const override { return current_()->model_hash(); }
  Result<std::vector<int>> tokenize(std::string_view text, bool special) override {
    return current_()->tokenize(text, special);
  }
  Result<std::vector<int>> count_tokens(const std::vector<std::string>& texts, bool special) override {
    return current_()->count_tokens(texts, special);
  }
  Result<std::string> apply_template(const std::vector<models::Message>& messages, bool generation_prompt) override {
    return current_()->apply_template(messages, generation_prompt);
  }

 private:
  std::function<std::shared_ptr<models::Worker>()> current_;
};

struct Serving::State {
  /// One generation of the chat model with what its assistant needs. The last request that holds it ends the workers
  /// that no later one has.
  struct Live {
    Searching searching;
    std::shared_ptr<models::Worker> cross_encoder, chat;
    std::optional<Assistant> assistant;
    std::string adapter_key;
    bool has_adapter = false;
  };

  ServingSpec spec;
  models::ModelRegistry& registry;
  stores::Runs* runs;
  std::shared_ptr<models::Worker> cross_encoder;  ///< null: none
  std::mutex refreshing;                          ///< one refresh at a time
  std::mutex mutex;                               ///< guards `live`
  std::shared_ptr<Live> live;
  CurrentEmbedder embedder{[this] { return current()->searching.embedder; }};

  std::shared_ptr<Live> current() {
    const std::lock_guard lock(mutex);
    return live;
  }

  void serve(std::shared_ptr<Live> fresh) {
    const std::lock_guard lock(mutex);
    std::swap(live, fresh);
  }  // the old generation ends here or with its last request

  std::shared_ptr<Live> make_live(Searching searching, std::shared_ptr<models::Worker> chat, std::string adapter_key,
                                  bool has_adapter) {
    auto fresh = std::make_shared<Live>();
    fresh->searching = std::move(searching);
    fresh->cross_encoder = cross_encoder;
    fresh->chat = std::move(chat);
    fresh->adapter_key = std::move(adapter_key);
    fresh->has_adapter = has_adapter;
    Rerankers all = fresh->searching.rerankers;
    all["llm"] = make_llm_judge(*fresh->chat, spec.retrieval);
    fresh->assistant.emplace(spec.retrieval, Assistant::Parts{.index = *fresh->searching.index,
                                                              .embedder = *fresh->searching.embedder,
                                                              .chat = *fresh->chat,
                                                              .tokenizer = *fresh->chat,
                                                              .runs = runs,
                                                              .has_adapter = has_adapter,
                                                              .rerankers = std::move(all),
                                                              .answerability = fresh->searching.answerability,
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

  Searching searching{&index, std::move(*embedder), spec.embedding_model, std::move(*rerankers),
                      answerability_of(spec, index)};
  std::unique_ptr<State> state;
  // An aggregate. NOLINTNEXTLINE(modernize-make-unique)
  state.reset(new State{std::move(spec), registry, runs, std::move(*cross_encoder), {}, {}, {}});
  state->live = state->make_live(std::move(searching), std::move(*chat), adapter->key, !adapter->gguf.empty());
  return std::unique_ptr<Serving>(new Serving(std::move(state)));
}

std::shared_ptr<Assistant> Serving::assistant() {
  auto live = state_->current();
  auto* assistant = &*live->assistant;
  return {std::move(live), assistant};
}

models::EmbeddingEngine& Serving::embedder() {
  return state_->embedder;
}

std::string Serving::embedding_model() {
  return state_->current()->searching.embedding_model;
}

bool Serving::ready() {
  const bool reranks = state_->cross_encoder == nullptr || state_->cross_encoder->healthy();
  const auto live = state_->current();
  return reranks && live->searching.embedder->healthy() && live->chat->healthy();
}

Result<bool> Serving::refresh_adapter() {
  const std::lock_guard one(state_->refreshing);
  const auto adapter = find_adapter(state_->spec, state_->registry);
  if (!adapter) return tl::unexpected(adapter.error());
  const auto now = state_->current();
  if (adapter->key == now->adapter_key) return false;
  auto chat = start_worker(state_->spec, state_->registry, "chat", state_->spec.chat_model, adapter->gguf);
  if (!chat) return tl::unexpected(std::move(chat.error()));
  state_->serve(state_->make_live(now->searching, std::move(*chat), adapter->key, !adapter->gguf.empty()));
  log::info("adapter '{}' is loaded", state_->spec.adapter);
  return true;
}

Result<bool> Serving::refresh_index() {
  const std::lock_guard one(state_->refreshing);
  if (!state_->spec.index_now) return false;
  try {
    const ServedIndex next = state_->spec.index_now();
    const auto now = state_->current();
    Searching searching{next.index, now->searching.embedder, next.embedding_model, {}, {}};
    const std::string made_with = next.index->model().hash;
    const bool fits = made_with.empty() ? next.embedding_model == now->searching.embedding_model
                                        : made_with == searching.embedder->model_hash();
    if (fits && next.index == now->searching.index) return false;
    if (!fits) {
      auto embedder = start_worker(state_->spec, state_->registry, "embed", next.embedding_model, {});
      if (!embedder) return tl::unexpected(std::move(embedder.error()));
      searching.embedder = std::move(*embedder);
    }
    // An empty index has no model yet.
    if (!made_with.empty() && made_with != searching.embedder->model_hash()) {
      return fail(ErrorKind::invalid,
                  tr("The index was made with another model than '{}' is now", next.embedding_model),
                  next.index->location(), tr("make it anew with: twin index"));
    }
    auto rerankers = make_rerankers(state_->spec, *next.index, state_->cross_encoder.get());
    if (!rerankers) return tl::unexpected(std::move(rerankers.error()));
    searching.rerankers = std::move(*rerankers);
    searching.answerability = answerability_of(state_->spec, *next.index);
    state_->serve(state_->make_live(std::move(searching), now->chat, now->adapter_key, now->has_adapter));
    log::info("the index made with '{}' is served", next.embedding_model);
    return true;
  } catch (const Fatal& fatal) {
    return tl::unexpected(fatal.error());
  }
}

}  // namespace twin::inference
