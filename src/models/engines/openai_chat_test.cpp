#include "models/engines/openai_chat.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "models/engines/worker.h"

using namespace twin;
using namespace twin::models;

namespace {

/// Answers with a fixed status and body, in pieces, as a network would.
class ScriptedHttp final : public HttpClient {
 public:
  int status = 200;
  std::string body;
  std::size_t piece = 1;
  std::optional<Error> failure;  ///< after the body
  HttpRequest seen;

  Result<HttpResponse> send(const HttpRequest& request) override {
    seen = request;
    HttpResponse response;
    response.status = status;
    if (status / 100 != 2) {
      response.body = body;
      return response;
    }
    for (std::size_t i = 0; i < body.size(); i += piece) {
      if (request.stop.stop_requested()) return fail(ErrorKind::cancelled, "stopped");
      if (!request.on_data(std::string_view(body).substr(i, piece))) return response;
    }
    if (failure) return tl::unexpected(*failure);
    return response;
  }
};

std::string delta(const std::string& text) {
  return "data: " + Json{{"choices", {{{"delta", {{"content", text}}}, {"finish_reason", nullptr}}}}}.dump() + "\n\n";
}

const std::string ending =
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":3}}\n\ndata: [DONE]\n\n";

HttpRequest post() {
  HttpRequest request;
  request.url = "http://server/v1/chat/completions";
  return request;
}

}  // namespace

TEST_CASE("a stream becomes an answer, whatever its pieces") {
  ScriptedHttp http;
  http.body = ": ping\n\n" + delta("안") + delta("녕 ") + delta("😀") + ending;
  for (http.piece = 1; http.piece < 40; ++http.piece) {
    std::string streamed;
    const auto answer = stream_chat(http, post(),
                                    [&](std::string_view text) {
                                      streamed += text;
                                      return true;
                                    },
                                    {});
    REQUIRE(answer);
    CHECK(answer->text == "안녕 😀");
    CHECK(streamed == answer->text);
    CHECK(answer->finish_reason == "stop");
    CHECK(answer->usage.prompt_tokens == 11);
    CHECK(answer->usage.completion_tokens == 3);
  }
}

TEST_CASE("a stream that breaks off is a network error, not a short answer") {
  ScriptedHttp http;
  http.body = delta("half an ans");
  auto answer = stream_chat(http, post(), {}, {});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == ErrorKind::network);
  http.failure = Error{ErrorKind::network, "connection reset", {}, {}};
  answer = stream_chat(http, post(), {}, {});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().message == "connection reset");
}

TEST_CASE("stopping keeps the text so far") {
  ScriptedHttp http;
  http.body = delta("one ") + delta("two ") + delta("three") + ending;
  SUBCASE("by the consumer, who is not called again") {
    int calls = 0;
    const auto answer = stream_chat(http, post(), [&](std::string_view) { return ++calls < 2; }, {});
    REQUIRE(answer);
    CHECK(answer->text == "one two ");
    CHECK(answer->finish_reason == "cancelled");
    CHECK(calls == 2);
  }
  SUBCASE("by the token") {
    std::stop_source stop;
    const auto answer = stream_chat(
        http, post(),
        [&](std::string_view) {
          stop.request_stop();
          return true;
        },
        stop.get_token());
    REQUIRE(answer);
    CHECK(answer->finish_reason == "cancelled");
    CHECK(answer->text == "one ");
  }
}

TEST_CASE("errors of the server") {
  ScriptedHttp http;
  SUBCASE("a prompt beyond the context, with sizes") {
    http.status = 400;
    http.body =
        R"({"error":{"code":400,"message":"too long","type":"exceed_context_size_error","n_prompt_tokens":99,"n_ctx":64}})";
    const auto answer = stream_chat(http, post(), {}, {});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == ErrorKind::limit);
    CHECK(answer.error().message.find("99") != std::string::npos);
    CHECK(answer.error().message.find("64") != std::string::npos);
  }
  SUBCASE("in the midst of the stream") {
    http.body = delta("a") + "data: {\"error\":{\"code\":500,\"message\":\"boom\"}}\n\n" + ending;
    const auto answer = stream_chat(http, post(), {}, {});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().message.find("boom") != std::string::npos);
  }
  SUBCASE("that are not JSON") {
    http.status = 502;
    http.body = "<html>Bad gateway \xff</html>";
    const auto answer = stream_chat(http, post(), {}, {});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == ErrorKind::network);
    CHECK(answer.error().message.find("502") != std::string::npos);
  }
  SUBCASE("a stream that is not JSON") {
    http.body = "data: <html>\n\n";
    CHECK_FALSE(stream_chat(http, post(), {}, {}));
  }
  SUBCASE("odd but well-formed events are skipped") {
    http.body =
        "data: {\"choices\":[7]}\n\ndata: {\"choices\":{}}\n\ndata: "
        "{\"choices\":[{\"delta\":{\"content\":null}}]}\n\n" +
        delta("ok") + ending;
    const auto answer = stream_chat(http, post(), {}, {});
    REQUIRE(answer);
    CHECK(answer->text == "ok");
  }
  SUBCASE("a wrong key") {
    http.status = 401;
    http.body = R"({"error":"no"})";
    const auto answer = stream_chat(http, post(), {}, {});
    CHECK(answer.error().kind == ErrorKind::usage);
    CHECK(answer.error().message.find("no") != std::string::npos);
  }
}

TEST_CASE("the request names what was asked for and refuses broken text") {
  ChatRequest request;
  request.messages = {{"system", "s"}, {"user", "질문"}};
  request.max_tokens = 5;
  request.stop = {"\n"};
  const auto body = openai_chat_body(request);
  REQUIRE(body);
  CHECK(body->at("messages").size() == 2);
  CHECK(body->at("messages")[1].at("content") == "질문");
  CHECK(body->at("max_tokens") == 5);
  CHECK(body->at("stop") == Json::array({"\n"}));
  CHECK_FALSE(body->contains("response_format"));
  request.json_schema = R"({"type":"object"})";
  const auto shaped = openai_chat_body(request);
  REQUIRE(shaped);
  CHECK(shaped->at("response_format").at("type") == "json_schema");
  CHECK(shaped->at("response_format").at("json_schema").at("schema").at("type") == "object");
  request.json_schema = "{";
  CHECK(openai_chat_body(request).error().kind == ErrorKind::invalid);
  request.json_schema.clear();
  request.messages[1].content = "\xc3";
  CHECK(openai_chat_body(request).error().kind == ErrorKind::invalid);
}

TEST_CASE("a remote engine needs its key and takes no adapter") {
  RemoteConfig config;
  config.url = "http://127.0.0.1:1/v1/";
  config.model = "m";
  config.key_env = "TWIN_TEST_NO_SUCH_KEY";
  const auto engine = make_remote_chat(config);
  ChatRequest request;
  request.messages = {{"user", "hi"}};
  const auto no_key = engine->chat(request);
  REQUIRE_FALSE(no_key);
  CHECK(no_key.error().message.find("TWIN_TEST_NO_SUCH_KEY") != std::string::npos);
  request.adapter = true;
  CHECK(engine->chat(request).error().kind == ErrorKind::usage);
}

namespace {

/// One scripted answer after the other; the last one stays.
class SeveralAnswers final : public HttpClient {
 public:
  std::vector<HttpResponse> answers;
  std::vector<UnixMillis>& asked_at;
  const Clock& clock;
  SeveralAnswers(std::vector<HttpResponse> list, std::vector<UnixMillis>& times, const Clock& now)
      : answers(std::move(list)), asked_at(times), clock(now) {}
  Result<HttpResponse> send(const HttpRequest& request) override {
    const HttpResponse& answer = answers[std::min(asked_at.size(), answers.size() - 1)];
    asked_at.push_back(clock.now());
    if (answer.status == 0) return fail(ErrorKind::network, "connection reset");
    if (answer.status == 200) request.on_data(answer.body);
    return answer;
  }
};

HttpResponse refusal(int status, const std::string& retry_after = {}) {
  HttpResponse response;
  response.status = status;
  response.body = R"({"error":{"message":"slow down"}})";
  if (!retry_after.empty()) response.headers = {{"retry-after", retry_after}};
  return response;
}

HttpResponse good() {
  HttpResponse response;
  response.status = 200;
  response.body = delta("yes") + ending;
  return response;
}

}  // namespace

TEST_CASE("a remote engine waits as long as the server asks, and tries again") {
  RemoteConfig config;
  config.url = "http://server/v1";
  config.retries = 3;
  FakeClock clock;
  std::vector<UnixMillis> asked;
  ChatRequest request;
  request.messages = {{"user", "hi"}};
  const auto engine = [&](std::vector<HttpResponse> answers) {
    asked.clear();
    return make_remote_chat(config, std::make_unique<SeveralAnswers>(std::move(answers), asked, clock), clock);
  };
  SUBCASE("seconds") {
    const auto answer = engine({refusal(429, "7"), good()})->chat(request);
    REQUIRE(answer);
    CHECK(answer->text == "yes");
    CHECK(asked.size() == 2);
    CHECK(asked[1] - asked[0] >= 7'000);
  }
  SUBCASE("a date") {
    const auto answer = engine({refusal(503, format_time(clock.now() + 20'000)), good()})->chat(request);
    REQUIRE(answer);
    CHECK(asked[1] - asked[0] >= 20'000);
  }
  SUBCASE("a connection that was cut, with growing pauses") {
    const auto answer = engine({refusal(0), refusal(500), good()})->chat(request);
    REQUIRE(answer);
    CHECK(asked.size() == 3);
    CHECK(asked[2] - asked[1] > asked[1] - asked[0]);
  }
  SUBCASE("not for ever") {
    const auto answer = engine({refusal(429)})->chat(request);
    REQUIRE_FALSE(answer);
    CHECK(asked.size() == 4);
    const auto far = engine({refusal(429, "9999")})->chat(request);
    REQUIRE_FALSE(far);
    CHECK(asked.size() == 1);
    CHECK(far.error().hint.find("9999") != std::string::npos);
  }
  SUBCASE("what another attempt cannot mend is not tried again") {
    for (const int status : {400, 401, 404, 422}) {
      CHECK_FALSE(engine({refusal(status), good()})->chat(request));
      CHECK(asked.size() == 1);
    }
  }
}
