#include "inference/assistant.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/files.h"
#include "inference/fakes.h"

using namespace twin;
using namespace twin::inference;

namespace {

struct Setup {
  TempFolder folder;
  WordEmbedder embedder{{"kernel", "package"}};
  WordTokenizer tokenizer;
  ScriptedChat chat{{"The kernel ", "schedules ", "processes."}};
  std::unique_ptr<stores::Index> index = stores::open_index(folder.path());
  std::unique_ptr<stores::Runs> runs = stores::open_runs(folder.path());
  bool has_adapter = true;

  Setup() { put(*index, embedder, "kernel", "articles", 1.0, {"The kernel schedules processes on the processor."}); }
  RetrievalConfig config;
  Assistant assistant() {
    return Assistant(config, {.index = *index,
                              .embedder = embedder,
                              .chat = chat,
                              .tokenizer = tokenizer,
                              .runs = runs.get(),
                              .has_adapter = has_adapter});
  }
};

AskRequest question(const std::string& model = "twin") {
  AskRequest request;
  request.model = model;
  request.messages = {{"user", "What does the kernel schedule?"}};
  return request;
}

}  // namespace

TEST_CASE("twin: passages, adapter and citations") {
  Setup setup;
  auto request = question();
  request.max_tokens = 99;
  request.seed = 5;
  request.stop = {"END"};
  request.reuse_prefix = false;
  std::string streamed;
  const auto answer = setup.assistant().ask(request, [&](std::string_view delta) {
    streamed += delta;
    return true;
  });
  REQUIRE(answer);
  CHECK(streamed == "The kernel schedules processes.");
  CHECK(answer->text == "The kernel schedules processes. [1]");
  REQUIRE(answer->citations.size() == 1);
  CHECK(answer->citations[0].document_id == "kernel");
  CHECK(answer->passages.size() == 1);
  CHECK(answer->finish_reason == "stop");
  CHECK(answer->usage.completion_tokens == 3);
  CHECK(answer->model == "twin");
  const auto sent = setup.chat.last();
  CHECK(sent.adapter);
  CHECK(sent.max_tokens == 99);
  CHECK(sent.seed == 5);
  CHECK(sent.stop == std::vector<std::string>{"END"});
  CHECK_FALSE(sent.reuse_prefix);
  CHECK(sent.messages.back().content.find("on the processor") != std::string::npos);
}

TEST_CASE("the prompt alone: what the model would be given, and nothing generated") {
  Setup setup;
  auto request = question();
  request.prompt_only = true;
  const auto answer = setup.assistant().ask(request);
  REQUIRE(answer);
  CHECK(answer->text.empty());
  CHECK(answer->citations.empty());
  CHECK(setup.chat.asked() == 0);
  REQUIRE(answer->prompt.size() == 2);
  CHECK(answer->prompt[0].role == "system");
  CHECK(answer->prompt[1].content.find("on the processor") != std::string::npos);
  CHECK(to_json(*answer)["prompt"][1]["role"] == "user");
  (void)setup.assistant().ask(question());
  CHECK(setup.chat.last().messages.back().content == answer->prompt[1].content);
  CHECK_FALSE(to_json(*setup.assistant().ask(question())).contains("prompt"));
}

TEST_CASE("a question's filters keep other passages out, and the trace says what was made of the question") {
  Setup setup;
  put(*setup.index, setup.embedder, "notes", "posts", 1.0, {"A note on the kernel."});
  auto request = question();
  request.messages = {{"user", "What is written in my posts about the kernel?"}};
  request.query = QueryConfig{.filters = "rules"};
  const auto answer = setup.assistant().ask(request);
  REQUIRE(answer);
  REQUIRE(answer->passages.size() == 1);
  CHECK(answer->passages[0].document_id == "notes");
  bool told = false;
  for (const auto& span : setup.runs->trace(answer->trace_id)) {
    told = told || span.attributes.find("category: posts") != std::string::npos;
  }
  CHECK(told);
}

TEST_CASE("the variants differ in adapter and passages only") {
  Setup setup;
  auto assistant = setup.assistant();
  for (const auto& [name, adapter, passages] : std::vector<std::tuple<std::string, bool, bool>>{
           {"twin", true, true}, {"twin:no-rag", true, false}, {"base", false, false}, {"base:rag", false, true}}) {
    const std::string model = name;
    CAPTURE(model);
    const auto answer = assistant.ask(question(model));
    REQUIRE(answer);
    CHECK(setup.chat.last().adapter == adapter);
    CHECK(setup.chat.last().adapter_scale == (passages ? RetrievalConfig{}.adapter_scale : 1.0));
    CHECK(answer->passages.empty() == !passages);
    CHECK(answer->citations.empty() == !passages);
    if (!passages) CHECK(setup.chat.last().messages.back().content == "What does the kernel schedule?");
  }
  CHECK(variant_names().size() == 4);
}

TEST_CASE("without an adapter the twin is the base model with passages") {
  Setup setup;
  setup.has_adapter = false;
  REQUIRE(setup.assistant().ask(question()));
  CHECK_FALSE(setup.chat.last().adapter);
}

TEST_CASE("an unknown model is named with those that exist") {
  Setup setup;
  const auto answer = setup.assistant().ask(question("gpt-5"));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == ErrorKind::not_found);
  CHECK(answer.error().text().find("twin:no-rag") != std::string::npos);
  CHECK(setup.chat.asked() == 0);
}

TEST_CASE("nothing found: an answer without passages and citations") {
  Setup setup;
  const TempFolder other;
  const auto empty = stores::open_index(other.path());
  Assistant assistant({}, {*empty, setup.embedder, setup.chat, setup.tokenizer, nullptr, true});
  const auto answer = assistant.ask(question());
  REQUIRE(answer);
  CHECK(answer->passages.empty());
  CHECK(answer->citations.empty());
  CHECK(answer->text == "The kernel schedules processes.");
}

TEST_CASE("a question that the writing does not cover: said, warned of, or nothing, as configured") {
  Setup setup;
  AskRequest request = question();
  request.messages = {{"user", "Which volcano erupted yesterday?"}};
  setup.config.not_covered = "say";
  std::string streamed;
  const auto said = setup.assistant().ask(request, [&](std::string_view delta) {
    streamed += delta;
    return true;
  });
  REQUIRE(said);
  CHECK(setup.chat.asked() == 0);
  CHECK(said->declined);
  CHECK(said->text.find("does not cover") != std::string::npos);
  CHECK(streamed == said->text);
  CHECK(said->citations.empty());
  CHECK(to_json(*said).at("coverage").at("covered") == false);
  CHECK(setup.runs->trace(said->trace_id).size() == 2);  // no chat
  bool told = false;
  for (const auto& span : setup.runs->trace(said->trace_id)) {
    told = told || span.attributes.find("\"covered\":false") != std::string::npos;
  }
  CHECK(told);

  request.messages = {{"user", "어제 어느 화산이 폭발했나요?"}};
  CHECK(setup.assistant().ask(request)->text.find("글에는") != std::string::npos);

  setup.config.not_covered = "warn";
  const auto warned = setup.assistant().ask(request);
  REQUIRE(warned);
  CHECK(setup.chat.asked() == 1);
  CHECK_FALSE(warned->declined);
  CHECK_FALSE(warned->coverage->covered);

  setup.config.not_covered = "off";
  CHECK_FALSE(setup.assistant().ask(request)->coverage);
  setup.config.not_covered = "say";
  CHECK(setup.assistant().ask(question())->coverage->covered);
  CHECK_FALSE(setup.assistant().ask(question("base"))->coverage);  // nothing was searched
}

TEST_CASE("a restarting worker is asked once more, but never after text was delivered") {
  Setup setup;
  setup.embedder.failures = 1;
  setup.chat.failures = 1;
  CHECK(setup.assistant().ask(question()));
  setup.chat.failures = 2;
  const auto failed = setup.assistant().ask(question());
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind == ErrorKind::network);

  class Breaks : public ScriptedChat {
   public:
    Breaks() : ScriptedChat({}) {}
    Result<models::ChatResult> chat(const models::ChatRequest&,
                                    const std::function<bool(std::string_view)>& on_delta) override {
      ++calls;
      on_delta("half");
      return fail(ErrorKind::network, "died");
    }
    int calls = 0;
  } breaks;
  Assistant assistant({}, {*setup.index, setup.embedder, breaks, setup.tokenizer, nullptr, true});
  CHECK_FALSE(assistant.ask(question()));
  CHECK(breaks.calls == 1);
}

TEST_CASE("a withdrawn question stops") {
  Setup setup;
  std::stop_source stop;
  auto request = question();
  request.cancel = stop.get_token();
  setup.chat.before_piece = [&](const models::ChatRequest&) { stop.request_stop(); };
  const auto half = setup.assistant().ask(request);
  REQUIRE(half);
  CHECK(half->finish_reason == "cancelled");
  const auto none = setup.assistant().ask(request);  // withdrawn before it began
  REQUIRE_FALSE(none);
  CHECK(none.error().kind == ErrorKind::cancelled);
  const auto refused = setup.assistant().ask(question(), [](std::string_view) { return false; });
  REQUIRE(refused);
  CHECK(refused->finish_reason == "cancelled");
}

TEST_CASE("the answer is kept within the context, and a prompt without room is an error that says so") {
  Setup setup;
  setup.chat.context = 160;
  auto request = question("base");
  request.max_tokens = 1000;
  REQUIRE(setup.assistant().ask(request));
  CHECK(setup.chat.last().max_tokens < 160);
  CHECK(setup.chat.last().max_tokens > 16);
  for (int i = 0; i < 200; ++i) request.messages.back().content += " word";
  const auto failed = setup.assistant().ask(request);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind == ErrorKind::limit);
  CHECK(failed.error().message.find("160") != std::string::npos);
}

TEST_CASE("each question leaves one trace in GenAI terms") {
  Setup setup;
  const auto answer = setup.assistant().ask(question());
  REQUIRE(answer);
  CHECK(answer->trace_id.size() == 32);
  const auto spans = setup.runs->trace(answer->trace_id);
  REQUIRE(spans.size() == 3);
  std::map<std::string, Json> attributes;
  std::string root;
  for (const auto& span : spans) {
    CHECK(span.status == "ok");
    CHECK(span.span_id.size() == 16);
    if (span.parent_id.empty()) root = span.span_id;
    const Json json = Json::parse(span.attributes);
    attributes[json["gen_ai.operation.name"].get<std::string>()] = json;
  }
  for (const auto& span : spans) CHECK((span.span_id == root || span.parent_id == root));
  CHECK(attributes["chat"]["gen_ai.request.model"] == "twin");
  CHECK(attributes["chat"]["gen_ai.usage.input_tokens"] == 7);
  CHECK(attributes["chat"]["gen_ai.usage.output_tokens"] == 3);
  CHECK(attributes["retrieval"]["gen_ai.retrieval.documents"][0]["id"] == "kernel#0");
  CHECK(attributes["invoke_agent"]["gen_ai.output.messages"][0]["parts"][0]["content"] == answer->text);

  setup.chat.failures = 2;
  CHECK_FALSE(setup.assistant().ask(question()));
  CHECK(setup.runs->recent_traces(1).at(0).status.find("restarts") != std::string::npos);
}

TEST_CASE("an answer in broken UTF-8 is repaired") {
  Setup setup;
  setup.chat.pieces = {"caf\xc3"};
  const auto answer = setup.assistant().ask(question("base"));
  REQUIRE(answer);
  CHECK(text::first_invalid_utf8(answer->text) == std::string::npos);
}

TEST_CASE("JSON of an answer: the fixed keys, then ours") {
  Setup setup;
  const auto answer = setup.assistant().ask(question());
  REQUIRE(answer);
  std::vector<std::string> keys;
  const Json json = to_json(*answer);
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  CHECK(keys == std::vector<std::string>{"answer", "citations", "model", "usage", "timing_ms", "finish_reason",
                                         "passages", "trace_id", "coverage"});
  CHECK(json["usage"]["total_tokens"] == 10);
  CHECK(json["timing_ms"].contains("first_token"));
}
