// The gateway on a real socket.
#include "inference/gateway/gateway.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/files.h"
#include "core/http/http.h"
#include "inference/fakes.h"
#include "inference/gateway/web_files.h"

using namespace twin;
using namespace twin::inference;

namespace {

struct Server {
  TempFolder folder;
  WordEmbedder embedder{{"kernel"}};
  WordTokenizer tokenizer;
  ScriptedChat chat{{"The ", "kernel."}};
  std::unique_ptr<stores::Index> index = stores::open_index(folder.path());
  std::shared_ptr<Assistant> assistant = std::make_shared<Assistant>(
      RetrievalConfig{}, Assistant::Parts{*index, embedder, chat, tokenizer, nullptr, true});
  std::unique_ptr<Gateway> gateway;
  std::unique_ptr<HttpClient> http = make_http_client();
  std::string url;
  std::jthread thread;

  explicit Server(ServeConfig config = {}) {
    config.port = 0;
    gateway = std::make_unique<Gateway>(
        config,
        Gateway::Parts{[this] { return assistant; }, embedder, [] { return "fake"; }, [] { return true; }, {}, 4});
    url = "http://127.0.0.1:" + std::to_string(value_or_throw(gateway->bind()));
    thread = std::jthread([this] { gateway->run(); });
  }
  ~Server() { gateway->stop(); }

  HttpResponse send(const std::string& method, const std::string& path, const std::string& body = {},
                    Headers headers = {}) {
    HttpRequest request;
    request.method = method;
    request.url = url + path;
    request.body = body;
    request.headers = std::move(headers);
    return value_or_throw(http->send(request));
  }
};

std::string body(bool stream) {
  return Json{{"model", "base"}, {"messages", {{{"role", "user"}, {"content", "Why?"}}}}, {"stream", stream}}.dump();
}

template <class Condition>
bool eventually(const Condition& condition) {
  for (int i = 0; i < 5000 && !condition(); ++i) std::this_thread::sleep_for(Millis{1});
  return condition();
}

}  // namespace

TEST_CASE("requests over a socket") {
  Server server;
  const auto answer = server.send("POST", "/v1/chat/completions", body(false));
  CHECK(answer.status == 200);
  CHECK(Json::parse(answer.body)["choices"][0]["message"]["content"] == "The kernel.");
  const auto stream = server.send("POST", "/v1/chat/completions", body(true));
  CHECK(stream.header("content-type").starts_with("text/event-stream"));
  CHECK(stream.body.ends_with("data: [DONE]\n\n"));
  CHECK(server.send("GET", "/health/live").status == 200);
  CHECK(server.send("GET", "/v1/nothing").status == 404);
  CHECK(server.send("PUT", "/v1/models", "x").status == 405);
}

TEST_CASE("the page comes with the program") {
  Server server;
  REQUIRE_FALSE(web_files().empty());
  const auto page = server.send("GET", "/");
  CHECK(page.status == 200);
  CHECK(page.header("content-type") == "text/html; charset=utf-8");
  CHECK(page.body.find("<title>Twin</title>") != std::string::npos);
  const auto cached = server.send("GET", "/", {}, {{"If-None-Match", std::string(page.header("etag"))}});
  CHECK(cached.status == 304);
}

TEST_CASE("a body beyond the limit is 413 in JSON") {
  ServeConfig config;
  config.max_body_kilobytes = 1;
  Server server(config);
  const auto response = server.send("POST", "/v1/chat/completions", std::string(5000, 'x'));
  CHECK(response.status == 413);
  CHECK(Json::parse(response.body)["error"]["code"] == "request_too_large");
}

TEST_CASE("a client that hangs up cancels its generation, streamed or not") {
  for (const bool streamed : {true, false}) {
    CAPTURE(streamed);
    Server server;
    std::atomic<bool> began = false, cancelled = false;
    server.chat.before_piece = [&](const models::ChatRequest& request) {
      began = true;
      eventually([&] { return request.cancel.stop_requested(); });
      cancelled = request.cancel.stop_requested();
    };
    std::stop_source hang_up;
    std::jthread client([&] {
      HttpRequest request;
      request.method = "POST";
      request.url = server.url + "/v1/chat/completions";
      request.body = body(streamed);
      request.stop = hang_up.get_token();
      (void)server.http->send(request);
    });
    REQUIRE(eventually([&] { return began.load(); }));
    hang_up.request_stop();
    CHECK(eventually([&] { return cancelled.load(); }));
    client.join();
    server.chat.before_piece = nullptr;
  }
}

TEST_CASE("stop lets a running answer end, and cuts it off after the drain time") {
  for (const int drain : {30, 0}) {
    CAPTURE(drain);
    ServeConfig config;
    config.drain_seconds = drain;
    Server server(config);
    std::atomic<bool> began = false, go_on = false;
    server.chat.before_piece = [&](const models::ChatRequest& request) {
      began = true;
      eventually([&] { return go_on || request.cancel.stop_requested(); });
    };
    std::string text;
    std::jthread client([&] { text = server.send("POST", "/v1/chat/completions", body(false)).body; });
    REQUIRE(eventually([&] { return began.load(); }));
    server.gateway->stop();
    std::this_thread::sleep_for(Millis{50});
    if (drain > 0) go_on = true;
    client.join();
    server.thread.join();
    const std::string content = Json::parse(text)["choices"][0]["message"]["content"];
    CHECK(content == (drain > 0 ? "The kernel." : ""));
  }
}

TEST_CASE("a stop before run is not lost") {
  Server server;
  server.gateway->stop();
  server.thread.join();
  CHECK_FALSE(server.http->send({.method = "GET", .url = server.url + "/health/live"}));
}

TEST_CASE("two gateways on one port: the second says so") {
  Server server;
  ServeConfig config;
  config.port = std::stoi(server.url.substr(server.url.rfind(':') + 1));
  Gateway second(config, {[] { return nullptr; }, server.embedder, [] { return "fake"; }, [] { return true; }, {}});
  const auto port = second.bind();
  REQUIRE_FALSE(port);
  CHECK(port.error().kind == ErrorKind::io);
  CHECK(port.error().message.find(std::to_string(config.port)) != std::string::npos);
}

TEST_CASE("beyond loopback only with a key") {
  WordEmbedder embedder({});
  const Gateway::Parts parts{[] { return nullptr; }, embedder, [] { return "fake"; }, [] { return true; }, {}};
  ServeConfig config;
  config.host = "0.0.0.0";
  config.port = 0;
  CHECK(Gateway(config, parts).bind().error().kind == ErrorKind::usage);
  config.api_key_env = "TWIN_TEST_KEY";
  unsetenv("TWIN_TEST_KEY");
  CHECK(Gateway(config, parts).bind().error().kind == ErrorKind::usage);
  setenv("TWIN_TEST_KEY", "secret", 1);
  CHECK(Gateway(config, parts).bind());
  unsetenv("TWIN_TEST_KEY");
}
