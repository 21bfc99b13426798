#include "inference/gateway/chat_request.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace twin;
using namespace twin::inference;

namespace {

Json base() {
  return {{"model", "twin"}, {"messages", {{{"role", "user"}, {"content", "Why?"}}}}};
}
ApiResult<ChatCall> parse(const Json& json, const ServeConfig& config = {}) {
  return parse_chat_call(json.dump(), config);
}

/// The error for the base request with one field changed.
ApiError error_with(const std::string& key, const Json& value) {
  Json json = base();
  json[key] = value;
  const auto call = parse(json);
  REQUIRE_MESSAGE(!call, key << " = " << value.dump() << " was accepted");
  return call.error();
}

}  // namespace

TEST_CASE("a request as OpenAI's clients send it") {
  Json json = base();
  json["messages"] = {
      {{"role", "developer"}, {"content", "Be brief."}},
      {{"role", "user"}, {"content", {{{"type", "text"}, {"text", "Hel"}}, {{"type", "text"}, {"text", "lo"}}}}},
      {{"role", "assistant"}, {"content", "Hi"}},
      {{"role", "user"}, {"content", "왜?"}}};
  json.update({{"stream", true},
               {"stream_options", {{"include_usage", true}}},
               {"max_tokens", 33},
               {"temperature", 0.5},
               {"top_p", 0.9},
               {"seed", -7},
               {"stop", {"a", "b"}},
               {"k", 3},
               {"n", 1},
               {"user", "someone"},
               {"tools", Json::array()},
               {"response_format", {{"type", "text"}}},
               {"presence_penalty", 0},
               {"logprobs", nullptr}});
  const auto call = parse(json);
  REQUIRE(call);
  CHECK(call->stream);
  CHECK(call->include_usage);
  CHECK(call->ask.messages.size() == 4);
  CHECK(call->ask.messages[0].role == "system");
  CHECK(call->ask.messages[1].content == "Hello");
  CHECK(call->ask.messages[3].content == "왜?");
  CHECK(call->ask.max_tokens == 33);
  CHECK(call->ask.temperature == 0.5);
  CHECK(call->ask.top_p == 0.9);
  CHECK(call->ask.seed == -7);
  CHECK(call->ask.stop == std::vector<std::string>{"a", "b"});
  CHECK(call->ask.k == 3);
}

TEST_CASE("query_options change the configured understanding of the question, and are checked") {
  Json json = base();
  json["query_options"] = {{"variants", 2}, {"filters", "rules"}, {"hyde", true}};
  const auto call = parse(json);
  REQUIRE(call);
  QueryConfig configured;
  configured.rewrite = "model";
  const auto query = query_config_of(call->query_options, configured);
  REQUIRE(query);
  CHECK(query->variants == 2);
  CHECK(query->filters == "rules");
  CHECK(query->hyde);
  CHECK(query->rewrite == "model");
  CHECK(parse(base())->query_options.empty());
  CHECK(error_with("query_options", {{"variants", 9}}).param == "variants");
  CHECK(error_with("query_options", {{"filters", "all"}}).param == "filters");
  CHECK(error_with("query_options", {{"hide", true}}).param == "query_options");
  CHECK(error_with("query_options", "rules").status == 400);
}

TEST_CASE("defaults and the ceiling of max_tokens") {
  const auto plain = parse(base());
  REQUIRE(plain);
  CHECK_FALSE(plain->stream);
  CHECK(plain->ask.max_tokens == AskRequest{}.max_tokens);
  ServeConfig config;
  config.max_tokens = 100;
  CHECK(parse(base(), config)->ask.max_tokens == 100);
  Json json = base();
  json["max_completion_tokens"] = 5000;
  CHECK(parse(json, config)->ask.max_tokens == 100);
  json["max_completion_tokens"] = 50;
  CHECK(parse(json, config)->ask.max_tokens == 50);
}

TEST_CASE("a body that is no JSON object") {
  for (const std::string body : {"", "{", "[]", "3", "null", "\"x\"", "{\"model\": \"\xff\"}", "{}}"}) {
    CAPTURE(body);
    const auto call = parse_chat_call(body, {});
    REQUIRE_FALSE(call);
    CHECK(call.error().status == 400);
    CHECK(call.error().code == "invalid_json");
  }
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  CHECK_FALSE(parse_chat_call(deep, {}));
}

TEST_CASE("wrong fields are 400 and named") {
  const std::vector<std::pair<std::string, Json>> wrong = {
      {"model", 3},
      {"model", nullptr},
      {"messages", nullptr},
      {"messages", "hello"},
      {"messages", Json::array()},
      {"stream", "yes"},
      {"stream_options", true},
      {"max_tokens", "many"},
      {"max_tokens", 0},
      {"max_tokens", -1},
      {"max_tokens", 1.5},
      {"max_tokens", 1e300},
      {"temperature", "hot"},
      {"temperature", -0.1},
      {"temperature", 2.1},
      {"top_p", 1.1},
      {"seed", 1.5},
      {"seed", 18446744073709551615ULL},
      {"stop", 3},
      {"stop", {"a", 1}},
      {"stop", {"a", "b", "c", "d", "e"}},
      {"k", 0},
      {"k", 51},
  };
  for (const auto& each : wrong) {
    const std::string key = each.first;
    const Json value = each.second;
    CAPTURE(key);
    CAPTURE(value.dump());
    const auto error = error_with(key, value);
    CHECK(error.status == 400);
    CHECK(error.param == key);
    CHECK(error.type == "invalid_request_error");
    CHECK_FALSE(error.message.empty());
  }
}

TEST_CASE("wrong messages are named by their place") {
  const auto error_of = [](const Json& message) {
    return error_with("messages", {{{"role", "user"}, {"content", "x"}}, message});
  };
  CHECK(error_of({{"role", "wizard"}, {"content", "x"}}).param == "messages[1].role");
  CHECK(error_of({{"role", "tool"}, {"content", "x"}}).param == "messages[1].role");
  CHECK(error_of({{"role", 1}, {"content", "x"}}).param == "messages[1]");
  CHECK(error_of("x").param == "messages[1]");
  CHECK(error_of({{"role", "user"}}).param == "messages[1].content");
  CHECK(error_of({{"role", "user"}, {"content", 5}}).param == "messages[1].content");
  CHECK(error_of({{"role", "user"}, {"content", {{{"type", "image_url"}}}}}).code == "unsupported_content");
  CHECK(error_of({{"role", "assistant"}, {"content", "x"}}).param == "messages");
  CHECK(error_of({{"role", "user"}, {"content", " \n"}}).param == "messages");
}

TEST_CASE("what would change the answer but is not supported is refused") {
  for (const auto& each : std::vector<std::pair<std::string, Json>>{{"tools", {{{"type", "function"}}}},
                                                                    {"tool_choice", "required"},
                                                                    {"n", 2},
                                                                    {"logprobs", true},
                                                                    {"presence_penalty", 0.5},
                                                                    {"response_format", {{"type", "json_object"}}},
                                                                    {"response_format", "text"}}) {
    CAPTURE(each.first);
    const auto error = error_with(each.first, each.second);
    CHECK(error.param == each.first);
    CHECK(error.code == "unsupported_parameter");
  }
}

TEST_CASE("an unknown model is 404 and lists the names") {
  const auto error = error_with("model", "gpt-4o");
  CHECK(error.status == 404);
  CHECK(error.code == "model_not_found");
  CHECK(error.param == "model");
  for (const auto& name : variant_names()) CHECK(error.message.find(name) != std::string::npos);
}
