#include "inference/gateway/routes.h"

#include <doctest/doctest.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <semaphore>
#include <thread>

#include "core/files.h"
#include "inference/fakes.h"

using namespace twin;
using namespace twin::inference;

namespace {

struct Api {
  TempFolder folder;
  WordEmbedder embedder{{"kernel", "package"}};
  WordTokenizer tokenizer;
  ScriptedChat chat{{"The kernel ", "schedules ", "processes."}};
  std::unique_ptr<stores::Index> index = stores::open_index(folder.path());
  std::shared_ptr<Assistant> assistant;
  ServeConfig config;
  std::string key, report;
  bool ready = true;
  std::vector<WebFile> files = {{"/assets/app.js", "text/javascript", "222", "let x;"},
                                {"/index.html", "text/html; charset=utf-8", "111", "<p>Hi"}};
  std::unique_ptr<Routes> routes;

  Api() {
    put(*index, embedder, "kernel", "articles", 1.0, {"The kernel schedules processes on the processor."});
    assistant = std::make_shared<Assistant>(RetrievalConfig{},
                                            Assistant::Parts{*index, embedder, chat, tokenizer, nullptr, true});
  }
  Routes& api() {
    if (!routes) {
      Gateway::Parts parts{[this] { return assistant; }, embedder, [] { return "fake-embedder"; },
                           [this] { return ready; }, [this] { return report; }};
      routes = std::make_unique<Routes>(config, parts, key, files);
    }
    return *routes;
  }
  ApiResponse send(const std::string& method, const std::string& path, const Json& body = {},
                   std::map<std::string, std::string> headers = {}) {
    ApiRequest request;
    request.method = method;
    request.path = path;
    request.headers = std::move(headers);
    request.headers.emplace("host", "127.0.0.1");
    if (!body.is_null()) request.body = body.dump();
    return api().handle(request);
  }
};

Json chat_body(bool stream = false) {
  return {{"model", "twin"},
          {"messages", {{{"role", "user"}, {"content", "What does the kernel schedule?"}}}},
          {"stream", stream}};
}

/// The data of each event of a streamed response; stops taking after `most` writes.
std::vector<std::string> events(const ApiResponse& response, int most = 1000) {
  REQUIRE(response.stream);
  std::string all;
  response.stream([&](std::string_view piece) {
    all += piece;
    return --most > 0;
  });
  std::vector<std::string> list;
  for (std::size_t at = 0; (at = all.find("data: ", at)) != std::string::npos;) {
    const std::size_t end = all.find("\n\n", at);
    list.push_back(all.substr(at + 6, end - at - 6));
    at = end;
  }
  return list;
}

std::string code_of(const ApiResponse& response) {
  const Json error = Json::parse(response.body).at("error");
  CHECK(error.contains("message"));
  CHECK(error.contains("type"));
  CHECK(error.contains("param"));
  return error.at("code").is_null() ? "" : error.at("code").get<std::string>();
}

}  // namespace

TEST_CASE("a chat completion with its citations") {
  Api setup;
  const auto response = setup.send("POST", "/v1/chat/completions", chat_body());
  CHECK(response.status == 200);
  CHECK(response.content_type == "application/json");
  const Json message = Json::parse(response.body)["choices"][0]["message"];
  CHECK(message["content"] == "The kernel schedules processes. [1]");
  CHECK(message["citations"][0]["document_id"] == "kernel");
  CHECK(message["passages"].size() == 1);
}

TEST_CASE("the prompt alone, streamed or not") {
  Api setup;
  Json body = chat_body();
  body["prompt_only"] = true;
  const Json response = Json::parse(setup.send("POST", "/v1/chat/completions", body).body);
  CHECK(response["choices"][0]["message"]["content"] == "");
  CHECK(response["prompt"].back()["content"].get<std::string>().find("on the processor") != std::string::npos);
  body["stream"] = true;
  const auto list = events(setup.send("POST", "/v1/chat/completions", body));
  REQUIRE(list.size() == 3);
  CHECK(Json::parse(list[1])["prompt"] == response["prompt"]);
  body["prompt_only"] = "yes";
  CHECK(setup.send("POST", "/v1/chat/completions", body).status == 400);
}

TEST_CASE("a streamed completion: role first, text, end with sources, usage, [DONE]") {
  Api setup;
  Json body = chat_body(true);
  body["stream_options"] = {{"include_usage", true}};
  const auto response = setup.send("POST", "/v1/chat/completions", body);
  CHECK(response.status == 200);
  CHECK(response.content_type.starts_with("text/event-stream"));
  const auto list = events(response);
  REQUIRE(list.size() == 7);
  CHECK(Json::parse(list[0])["choices"][0]["delta"]["role"] == "assistant");
  std::string text;
  for (int i = 1; i <= 3; ++i) text += Json::parse(list[i])["choices"][0]["delta"]["content"].get<std::string>();
  CHECK(text == "The kernel schedules processes.");
  const Json last = Json::parse(list[4])["choices"][0];
  CHECK(last["finish_reason"] == "stop");
  CHECK(last["delta"]["annotated"] == "The kernel schedules processes. [1]");
  CHECK(last["delta"]["citations"].size() == 1);
  CHECK(Json::parse(list[5])["usage"]["total_tokens"] == 10);
  CHECK(list[6] == "[DONE]");
  const std::string id = Json::parse(list[0])["id"];
  for (int i = 0; i < 6; ++i) CHECK(Json::parse(list[i])["id"] == id);
  CHECK(events(setup.send("POST", "/v1/chat/completions", chat_body(true))).size() == 6);  // no usage chunk
}

TEST_CASE("a reader who goes away stops the generation") {
  Api setup;
  (void)events(setup.send("POST", "/v1/chat/completions", chat_body(true)), 2);
  CHECK(setup.chat.asked() == 1);
  std::stop_source gone;
  ApiRequest request;
  request.method = "POST";
  request.path = "/v1/chat/completions";
  request.body = chat_body().dump();
  request.cancel = gone.get_token();
  bool cancelled = false;
  setup.chat.before_piece = [&](const models::ChatRequest& asked) {
    gone.request_stop();
    cancelled = asked.cancel.stop_requested();
  };
  CHECK(setup.api().handle(request).status == 200);
  CHECK(cancelled);
}

TEST_CASE("an engine that fails: an error of its status, or an event in a stream") {
  Api setup;
  setup.chat.failures = 2;
  const auto response = setup.send("POST", "/v1/chat/completions", chat_body());
  CHECK(response.status == 503);
  CHECK(response.headers.contains("Retry-After"));
  CHECK(code_of(response) == "worker_unavailable");
  setup.chat.failures = 2;
  const auto list = events(setup.send("POST", "/v1/chat/completions", chat_body(true)));
  REQUIRE(list.size() == 3);
  CHECK(Json::parse(list[1])["error"]["code"] == "worker_unavailable");
  CHECK(list[2] == "[DONE]");
  setup.chat.context = 20;
  CHECK(code_of(setup.send("POST", "/v1/chat/completions", chat_body())) == "context_length_exceeded");
}

TEST_CASE("while the models load: 503, health tells which") {
  Api setup;
  setup.ready = false;
  for (const auto& [path, body] :
       std::vector<std::pair<std::string, Json>>{{"/v1/chat/completions", chat_body()},
                                                 {"/v1/embeddings", {{"model", "fake-embedder"}, {"input", "x"}}},
                                                 {"/v1/search", {{"query", "x"}}}}) {
    const auto response = setup.send("POST", path, body);
    CHECK(response.status == 503);
    CHECK(response.headers.contains("Retry-After"));
    CHECK(code_of(response) == "loading");
  }
  CHECK(setup.send("GET", "/health/ready").status == 503);
  CHECK(setup.send("GET", "/health/live").status == 200);
  setup.ready = true;
  CHECK(setup.send("GET", "/health/ready").status == 200);
  setup.assistant = nullptr;
  CHECK(setup.send("POST", "/v1/chat/completions", chat_body()).status == 503);
}

TEST_CASE("a full queue is 429 with Retry-After") {
  Api setup;
  setup.config.max_queue = 0;
  const auto running = setup.send("POST", "/v1/chat/completions", chat_body(true));  // holds the only slot
  const auto refused = setup.send("POST", "/v1/chat/completions", chat_body());
  CHECK(refused.status == 429);
  CHECK(refused.headers.contains("Retry-After"));
  CHECK(code_of(refused) == "rate_limit_exceeded");
  CHECK(setup.send("GET", "/v1/models").status == 200);
  Json prompt = chat_body();
  prompt["prompt_only"] = true;  // nothing is generated, so it waits for no answer
  CHECK(setup.send("POST", "/v1/chat/completions", prompt).status == 200);
  (void)events(running);
}

TEST_CASE("malformed chat requests are 4xx with OpenAI's error object") {
  Api setup;
  ApiRequest request;
  request.method = "POST";
  request.path = "/v1/chat/completions";
  request.body = "{nonsense";
  CHECK(setup.api().handle(request).status == 400);
  Json unknown = chat_body();
  unknown["model"] = "gpt";
  const auto response = setup.send("POST", "/v1/chat/completions", unknown);
  CHECK(response.status == 404);
  CHECK(code_of(response) == "model_not_found");
  CHECK(setup.chat.asked() == 0);
}

TEST_CASE("models") {
  Api setup;
  const Json list = Json::parse(setup.send("GET", "/v1/models").body);
  CHECK(list["object"] == "list");
  REQUIRE(list["data"].size() == 5);
  CHECK(list["data"][0]["id"] == "twin");
  CHECK(list["data"][4]["id"] == "fake-embedder");
  CHECK(Json::parse(setup.send("GET", "/v1/models/twin:no-rag").body)["object"] == "model");
  CHECK(setup.send("GET", "/v1/models/none").status == 404);
}

TEST_CASE("embeddings: one or many, as floats or base64") {
  Api setup;
  const Json one =
      Json::parse(setup.send("POST", "/v1/embeddings", {{"model", "fake-embedder"}, {"input", "kernel"}}).body);
  CHECK(one["object"] == "list");
  CHECK(one["model"] == "fake-embedder");
  REQUIRE(one["data"].size() == 1);
  const auto floats = one["data"][0]["embedding"].get<std::vector<float>>();
  CHECK(floats == setup.embedder.vector("kernel"));

  const Json body = {{"model", "fake-embedder"}, {"input", {"kernel", "package"}}, {"encoding_format", "base64"}};
  const Json many = Json::parse(setup.send("POST", "/v1/embeddings", body).body);
  REQUIRE(many["data"].size() == 2);
  CHECK(many["data"][1]["index"] == 1);
  // 3 floats are 12 bytes are 16 letters; 0.995… and 0.0 of the kernel vector.
  const std::string text = many["data"][0]["embedding"];
  CHECK(text.size() == 16);
  CHECK(text != many["data"][1]["embedding"].get<std::string>());
}

TEST_CASE("malformed embedding requests") {
  Api setup;
  setup.config.max_inputs = 2;
  const auto status = [&](const Json& body) { return setup.send("POST", "/v1/embeddings", body).status; };
  const std::string model = "fake-embedder";
  CHECK(status({{"model", model}}) == 400);
  CHECK(status({{"model", model}, {"input", ""}}) == 400);
  CHECK(status({{"model", model}, {"input", Json::array()}}) == 400);
  CHECK(status({{"model", model}, {"input", {1, 2}}}) == 400);
  CHECK(status({{"model", model}, {"input", {"a", "b", "c"}}}) == 400);
  CHECK(status({{"model", model}, {"input", "a"}, {"encoding_format", "hex"}}) == 400);
  CHECK(status({{"model", model}, {"input", "a"}, {"dimensions", 2}}) == 400);
  CHECK(status({{"model", model}, {"input", "a"}, {"dimensions", 3}}) == 200);
  CHECK(status({{"model", "other"}, {"input", "a"}}) == 404);
  CHECK(status({{"model", model}, {"input", std::string(2000, 'x')}}) == 400);  // beyond the window
}

TEST_CASE("search gives what twin search gives") {
  Api setup;
  const Json found = Json::parse(setup.send("POST", "/v1/search", {{"query", "kernel"}, {"k", 1}}).body);
  REQUIRE(found["results"].size() == 1);
  for (const char* key : {"rank", "score", "document_id", "url", "title", "heading", "text", "start", "end"}) {
    CHECK(found["results"][0].contains(key));
  }
  CHECK(Json::parse(setup.send("POST", "/v1/search", {{"query", "kernel"}, {"categories", "posts"}}).body)["results"]
            .empty());
  CHECK(setup.send("POST", "/v1/search", Json::object()).status == 400);
  CHECK(setup.send("POST", "/v1/search", {{"query", "x"}, {"k", 0}}).status == 400);

  const auto varied = setup.send(
      "POST", "/v1/search", {{"query", "kernel"}, {"fusion", "rrf"}, {"max_per_document", 1}, {"mmr_lambda", 0.7}});
  CHECK(varied.status == 200);
  CHECK(Json::parse(varied.body)["rerank"]["name"] == "off");
  CHECK(Json::parse(varied.body)["results"][0]["fusion"]["shares"]["lexical"].get<double>() ==
        doctest::Approx(1.0 / 61));
  for (const auto& wrong : std::vector<Json>{{{"query", "x"}, {"fusion", "best"}},
                                             {{"query", "x"}, {"rerank", "yes"}},
                                             {{"query", "x"}, {"max_per_document", -1}},
                                             {{"query", "x"}, {"mmr_lambda", 2}},
                                             {{"query", "x"}, {"rerank", "llm"}}}) {  // known, but not started here
    CAPTURE(wrong.dump());
    CHECK(setup.send("POST", "/v1/search", wrong).status == 400);
  }
}

TEST_CASE("a search does not wait for a batch of texts that is being embedded") {
  Api setup;
  class Slow : public WordEmbedder {
   public:
    Slow() : WordEmbedder({"kernel", "package"}) {}
    Result<std::vector<std::vector<float>>> embed(const std::vector<std::string>& texts) override {
      begun.release();
      go_on.acquire();
      return WordEmbedder::embed(texts);
    }
    std::binary_semaphore begun{0}, go_on{0};
  } slow;
  setup.config.max_queue = 0;
  const Routes routes(setup.config,
                      {[&] { return setup.assistant; }, slow, [] { return "fake-embedder"; }, [] { return true; }, {}},
                      "", setup.files);
  const auto send = [&](const std::string& path, const Json& body) {
    ApiRequest request;
    request.method = "POST";
    request.path = path;
    request.headers = {{"host", "127.0.0.1"}};
    request.body = body.dump();
    return routes.handle(request).status;
  };
  int batch = 0;
  {
    const std::jthread client([&] {
      batch = send("/v1/embeddings", {{"model", "fake-embedder"}, {"input", {"kernel", "package"}}});
    });
    slow.begun.acquire();
    CHECK(send("/v1/search", {{"query", "kernel"}}) == 200);
    slow.go_on.release();
  }
  CHECK(batch == 200);
}

TEST_CASE("the report, once there is one") {
  Api setup;
  CHECK(code_of(setup.send("GET", "/v1/report")) == "no_report");
  setup.report = R"({"arms":[]})";
  CHECK(setup.send("GET", "/v1/report").body == setup.report);
}

TEST_CASE("unknown paths and methods are JSON, too") {
  Api setup;
  const auto missing = setup.send("GET", "/v1/nothing");
  CHECK(missing.status == 404);
  CHECK(code_of(missing) == "not_found");
  const auto wrong = setup.send("DELETE", "/v1/chat/completions");
  CHECK(wrong.status == 405);
  CHECK(wrong.headers.at("Allow") == "POST");
  CHECK(setup.send("OPTIONS", "/v1/models").status == 405);
  CHECK(setup.send("POST", "/").status == 405);
  CHECK(setup.send("HEAD", "/health/live").status == 200);
  CHECK(setup.send("GET", "/../etc/passwd").status == 404);
  CHECK(setup.send("GET", "/\xff").status == 404);
}

TEST_CASE("the page: types, caching, content security") {
  Api setup;
  const auto page = setup.send("GET", "/");
  CHECK(page.status == 200);
  CHECK(page.body == "<p>Hi");
  CHECK(page.content_type == "text/html; charset=utf-8");
  CHECK(page.headers.at("ETag") == "\"111\"");
  CHECK(page.headers.at("Cache-Control") == "no-cache");
  CHECK(page.headers.at("Content-Security-Policy").find("default-src 'none'") != std::string::npos);
  CHECK(page.headers.at("X-Content-Type-Options") == "nosniff");
  const auto cached = setup.send("GET", "/", {}, {{"if-none-match", "W/\"000\", \"111\""}});
  CHECK(cached.status == 304);
  CHECK(cached.body.empty());
  CHECK(setup.send("GET", "/assets/app.js").headers.at("Cache-Control").find("immutable") != std::string::npos);
  CHECK(setup.send("GET", "/assets/none.js").status == 404);
}

TEST_CASE("the API needs the key, health and the page do not; other sites get nothing") {
  Api setup;
  setup.key = "secret";
  CHECK(setup.send("GET", "/v1/models").status == 401);
  CHECK(setup.send("POST", "/v1/chat/completions", chat_body()).status == 401);
  CHECK(setup.chat.asked() == 0);
  CHECK(setup.send("GET", "/v1/models", {}, {{"authorization", "Bearer secret"}}).status == 200);
  CHECK(setup.send("GET", "/health/ready").status == 200);
  CHECK(setup.send("GET", "/").status == 200);
  CHECK(setup.send("GET", "/", {}, {{"host", "evil.org"}}).status == 403);
  CHECK(setup.send("GET", "/v1/models", {}, {{"origin", "http://evil.org"}}).status == 403);
}

TEST_CASE("an exception of a part is a 500, not the end") {
  Api setup;
  class Throws : public WordEmbedder {
   public:
    Throws() : WordEmbedder({}) {}
    int dimension() const override { throw Fatal(ErrorKind::io, "the disk is full"); }
  } throws;
  Gateway::Parts parts{
      [] { return nullptr; }, throws, [] { return "m"; }, []() -> bool { throw std::runtime_error("odd"); }, {}};
  const Routes routes({}, parts, "", setup.files);
  ApiRequest request;
  request.method = "POST";
  request.path = "/v1/embeddings";
  request.body = R"({"model":"m","input":"x"})";
  const auto response = routes.handle(request);
  CHECK(response.status == 500);
  CHECK(code_of(response) == "io");
  request.method = "GET";
  request.path = "/health/ready";
  CHECK(routes.handle(request).status == 500);
}

TEST_CASE("many clients at once") {
  Api setup;
  setup.config.max_queue = 100;
  auto& api = setup.api();
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 10; ++i) {
          ApiRequest request;
          request.method = "POST";
          request.path = "/v1/chat/completions";
          request.body = chat_body().dump();
          good += api.handle(request).status == 200;
        }
      });
    }
  }
  CHECK(good == 80);
}
