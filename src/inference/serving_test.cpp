#include "inference/serving.h"

#include <doctest/doctest.h>

#include <thread>

#include "core/files.h"
#include "inference/fakes.h"

using namespace twin;
using namespace twin::inference;

namespace {

/// Counts the workers that live.
struct Living {
  std::mutex mutex;
  std::vector<models::WorkerSpec> started;
  std::atomic<int> now = 0;
};

class FakeWorker final : public models::Worker {
 public:
  FakeWorker(Living& living, models::WorkerSpec spec) : living_(living), spec_(std::move(spec)) { ++living_.now; }
  ~FakeWorker() override { --living_.now; }
  Result<models::ChatResult> chat(const models::ChatRequest& request,
                                  const std::function<bool(std::string_view)>&) override {
    models::ChatResult result;
    result.text = request.adapter ? "with " + spec_.adapter.filename().string() : "base";
    result.finish_reason = "stop";
    return result;
  }
  int context_tokens() const override { return 4096; }
  Result<std::vector<std::vector<float>>> embed(const std::vector<std::string>& texts) override {
    return std::vector<std::vector<float>>(texts.size(), {1.0F, 0.0F});
  }
  int dimension() const override { return 2; }
  int window_tokens() const override { return 100; }
  /// The model's file name: "embed-model.gguf".
  std::string model_hash() const override { return spec_.model.filename().string(); }
  Result<std::vector<int>> tokenize(std::string_view text, bool special) override {
    return words_.tokenize(text, special);
  }
  Result<std::string> apply_template(const std::vector<models::Message>&, bool) override { return std::string(); }
  bool healthy() override { return is_healthy; }
  int restarts() const override { return 0; }
  pid_t pid() const override { return 1; }
  Result<std::vector<TokenProbability>> next_token(const std::vector<int>&, int, bool) override {
    return std::vector<TokenProbability>{};
  }
  static inline std::atomic<bool> is_healthy = true;

 private:
  Living& living_;
  models::WorkerSpec spec_;
  WordTokenizer words_;
};

struct Served {
  TempFolder folder;
  Living living;
  models::ModelRegistry registry{folder.path() / "models"};
  std::unique_ptr<stores::Index> index = stores::open_index(folder.path() / "index");
  std::string failing;  ///< name of the worker that does not start

  void add_model(const std::string& id, const std::string& kind, const std::string& bytes,
                 const std::string& base = {}) {
    models::Model model;
    model.id = id;
    model.kind = kind;
    model.format = "gguf";
    model.base = base;
    const auto staged = folder.path() / "staged";
    value_or_throw(disk().write(staged / (id + ".gguf"), bytes));
    value_or_throw(registry.add(model, staged));
  }
  ServingSpec spec() {
    ServingSpec spec;
    spec.chat_model = "chat-model";
    spec.embedding_model = "embed-model";
    spec.adapter = "tuned";
    spec.make_worker = [this](models::WorkerSpec worker) -> Result<std::unique_ptr<models::Worker>> {
      if (worker.name == failing) return fail(ErrorKind::invalid, worker.name + " does not start");
      const std::lock_guard lock(living.mutex);
      living.started.push_back(worker);
      return std::unique_ptr<models::Worker>(new FakeWorker(living, worker));
    };
    return spec;
  }
  Result<std::unique_ptr<Serving>> start() { return Serving::start(spec(), registry, *index, nullptr); }

  Served() {
    add_model("chat-model", "base", "chat");
    add_model("embed-model", "embedding", "embed");
  }
};

std::string say(Assistant& assistant) {
  AskRequest request;
  request.model = "twin:no-rag";
  request.messages = {{"user", "Who are you?"}};
  return value_or_throw(assistant.ask(request)).text;
}

}  // namespace

TEST_CASE("two workers start; without an adapter the base model is served") {
  Served setup;
  auto serving = value_or_throw(setup.start());
  CHECK(setup.living.now == 2);
  CHECK(serving->ready());
  CHECK(say(*serving->assistant()) == "base");
  CHECK_FALSE(value_or_throw(serving->refresh_adapter()));
  CHECK(serving->embedder().dimension() == 2);
  for (const auto& spec : setup.living.started) CHECK(spec.embedding == (spec.name == "embed"));
  FakeWorker::is_healthy = false;
  CHECK_FALSE(serving->ready());
  FakeWorker::is_healthy = true;
  serving.reset();
  CHECK(setup.living.now == 0);
}

TEST_CASE("a new adapter is loaded beside the old one, which ends after its last request") {
  Served setup;
  auto serving = value_or_throw(setup.start());
  auto old = serving->assistant();
  setup.add_model("tuned", "adapter", "one", "chat-model");
  CHECK(value_or_throw(serving->refresh_adapter()));
  CHECK(setup.living.now == 3);
  CHECK(say(*old) == "base");
  CHECK(say(*serving->assistant()) == "with tuned.gguf");
  old.reset();
  CHECK(setup.living.now == 2);
  CHECK_FALSE(value_or_throw(serving->refresh_adapter()));  // the same files
  setup.add_model("tuned", "adapter", "two", "chat-model");
  CHECK(value_or_throw(serving->refresh_adapter()));
  CHECK(setup.living.now == 2);
}

TEST_CASE("an assistant that is still held outlives the serving") {
  Served setup;
  auto serving = value_or_throw(setup.start());
  auto held = serving->assistant();
  serving.reset();
  CHECK(say(*held) == "base");
  held.reset();
  CHECK(setup.living.now == 0);
}

TEST_CASE("a new worker that does not start leaves the old one serving") {
  Served setup;
  auto serving = value_or_throw(setup.start());
  setup.add_model("tuned", "adapter", "one", "chat-model");
  setup.failing = "chat";
  const auto refreshed = serving->refresh_adapter();
  REQUIRE_FALSE(refreshed);
  CHECK(refreshed.error().message == "chat does not start");
  CHECK(say(*serving->assistant()) == "base");
  setup.failing.clear();
  CHECK(value_or_throw(serving->refresh_adapter()));
}

TEST_CASE("what cannot be served is said at the start, and nothing is left running") {
  Served setup;
  for (const char* worker : {"chat", "embed"}) {
    setup.failing = worker;
    const auto failed = setup.start();
    REQUIRE_FALSE(failed);
    CHECK(failed.error().message == std::string(worker) + " does not start");
    CHECK(setup.living.now == 0);
  }
  setup.failing.clear();
  setup.add_model("tuned", "adapter", "one", "another-model");
  const auto foreign = setup.start();
  REQUIRE_FALSE(foreign);
  CHECK(foreign.error().kind == ErrorKind::invalid);
  CHECK(foreign.error().message.find("another-model") != std::string::npos);
  value_or_throw(setup.registry.remove("tuned"));
  value_or_throw(setup.registry.remove("chat-model"));
  CHECK(setup.start().error().kind == ErrorKind::not_found);
}

TEST_CASE("an index of another embedding model is taken over with its worker; running requests end with the old ones") {
  Served setup;
  setup.index->use_model("embed-model.gguf", 2);
  auto spec = setup.spec();
  ServedIndex now{"embed-model", setup.index.get()};
  spec.index_now = [&] { return now; };
  auto serving = value_or_throw(Serving::start(std::move(spec), setup.registry, *setup.index, nullptr));
  CHECK_FALSE(value_or_throw(serving->refresh_index()));
  models::EmbeddingEngine& embedder = serving->embedder();
  CHECK(embedder.model_hash() == "embed-model.gguf");
  auto old = serving->assistant();

  setup.add_model("other-model", "embedding", "other");
  const auto other = stores::open_index(setup.folder.path() / "other");
  other->use_model("other-model.gguf", 2);
  now = {"other-model", other.get()};
  setup.failing = "embed";  // the old one goes on
  CHECK(serving->refresh_index().error().message == "embed does not start");
  CHECK(serving->embedding_model() == "embed-model");
  setup.failing.clear();
  CHECK(value_or_throw(serving->refresh_index()));
  CHECK(serving->embedding_model() == "other-model");
  CHECK(embedder.model_hash() == "other-model.gguf");
  CHECK(setup.living.now == 3);  // the old embedder is held by a request
  CHECK(say(*serving->assistant()) == "base");
  old.reset();
  CHECK(setup.living.now == 2);
  CHECK_FALSE(value_or_throw(serving->refresh_index()));

  // The registry's model of that name is not the one that the index was made with.
  const auto third = stores::open_index(setup.folder.path() / "third");
  third->use_model("something else", 2);
  now = {"other-model", third.get()};
  const auto foreign = serving->refresh_index();
  REQUIRE_FALSE(foreign);
  CHECK(foreign.error().kind == ErrorKind::invalid);
  CHECK(serving->embedding_model() == "other-model");

  // An index of the same model needs no other worker; a new adapter finds it in place.
  third->use_model("other-model.gguf", 2);
  const auto started = setup.living.started.size();
  CHECK(value_or_throw(serving->refresh_index()));
  CHECK(setup.living.started.size() == started);
  setup.add_model("tuned", "adapter", "one", "chat-model");
  CHECK(value_or_throw(serving->refresh_adapter()));
  CHECK(say(*serving->assistant()) == "with tuned.gguf");
  CHECK(serving->embedding_model() == "other-model");
}

TEST_CASE("an index that cannot be reached leaves what is served") {
  Served setup;
  auto spec = setup.spec();
  spec.index_now = []() -> ServedIndex { throw Fatal(ErrorKind::network, "no server answers"); };
  auto serving = value_or_throw(Serving::start(std::move(spec), setup.registry, *setup.index, nullptr));
  CHECK(serving->refresh_index().error().message == "no server answers");
  CHECK(say(*serving->assistant()) == "base");
}

TEST_CASE("requests and refreshes at the same time") {
  Served setup;
  auto serving = value_or_throw(setup.start());
  setup.add_model("tuned", "adapter", "one", "chat-model");
  std::atomic<int> odd = 0;
  {
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) {
          const std::string text = say(*serving->assistant());
          odd += text != "base" && text != "with tuned.gguf";
        }
      });
    }
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) (void)serving->refresh_adapter();
    });
  }
  CHECK(odd == 0);
  CHECK(setup.living.now == 2);
}
