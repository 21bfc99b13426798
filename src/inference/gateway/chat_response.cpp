#include "inference/gateway/chat_response.h"

#include <nlohmann/json.hpp>

#include "core/hash.h"

namespace twin::inference {
namespace {

template <class Item>
Json array_of(const std::vector<Item>& items) {
  Json list = Json::array();
  for (const Item& item : items) list.push_back(to_json(item));
  return list;
}

/// What OpenAI's answers do not have.
void add_own_fields(Json& json, const Answer& answer) {
  json["timing_ms"] = {
      {"retrieve", answer.retrieve_ms}, {"first_token", answer.first_token_ms}, {"total", answer.total_ms}};
  json["trace_id"] = answer.trace_id;
  json["coverage"] = answer.coverage ? to_json(*answer.coverage) : Json();
  if (!answer.prompt.empty()) json["prompt"] = to_json(answer.prompt);
}

/// OpenAI knows stop and length; an answer that was cut off by its reader ended with a stop.
std::string finish_reason(const Answer& answer) {
  return answer.finish_reason == "length" ? "length" : "stop";
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string event(const Json& json) {
  return "data: " + dump(json) + "\n\n";
}

Json chunk(const CompletionHead& head, Json choices) {
  Json json = {{"id", head.id},       {"object", "chat.completion.chunk"}, {"created", head.created},
               {"model", head.model}, {"system_fingerprint", nullptr},     {"choices", std::move(choices)}};
  if (head.include_usage) json["usage"] = nullptr;
  return json;
}

Json choice(Json delta, Json reason) {
  Json one = {{"index", 0}, {"delta", std::move(delta)}, {"logprobs", nullptr}, {"finish_reason", std::move(reason)}};
  return Json::array({std::move(one)});
}

/// How many bytes at the end belong to a code point that is not complete yet.
std::size_t incomplete_tail(std::string_view bytes) {
  constexpr std::size_t longest = 4;
  for (std::size_t back = 1; back <= std::min(longest, bytes.size()); ++back) {
    const auto byte = static_cast<unsigned char>(bytes[bytes.size() - back]);
    if ((byte & 0xC0U) == 0x80U) continue;  // a continuation byte: look for its start
    const std::size_t length = byte >= 0xF0U ? 4 : byte >= 0xE0U ? 3 : byte >= 0xC0U ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

}  // namespace

CompletionHead completion_head(const std::string& model, bool include_usage) {
  constexpr std::int64_t millis_per_second = 1000;
  return {"chatcmpl-" + random_id("x").substr(2), model, system_clock().now() / millis_per_second, include_usage};
}

std::string completion_json(const CompletionHead& head, const Answer& answer) {
  Json message = {{"role", "assistant"},
                  {"content", answer.text},
                  {"refusal", nullptr},
                  {"citations", array_of(answer.citations)},
                  {"passages", array_of(answer.passages)}};
  Json one = {
      {"index", 0}, {"message", std::move(message)}, {"logprobs", nullptr}, {"finish_reason", finish_reason(answer)}};
  Json json{{"id", head.id},
            {"object", "chat.completion"},
            {"created", head.created},
            {"model", head.model},
            {"system_fingerprint", nullptr},
            {"choices", Json::array({std::move(one)})},
            {"usage", to_json(answer.usage)}};
  add_own_fields(json, answer);
  return dump(json);
}

std::string role_event(const CompletionHead& head) {
  return event(chunk(head, choice({{"role", "assistant"}, {"content", ""}}, nullptr)));
}

std::string text_event(const CompletionHead& head, std::string_view text) {
  return event(chunk(head, choice({{"content", text}}, nullptr)));
}

std::string final_event(const CompletionHead& head, const Answer& answer) {
  Json delta = {
      {"annotated", answer.text}, {"citations", array_of(answer.citations)}, {"passages", array_of(answer.passages)}};
  Json json = chunk(head, choice(std::move(delta), finish_reason(answer)));
  add_own_fields(json, answer);
  return event(json);
}

std::string usage_event(const CompletionHead& head, const models::Usage& usage) {
  Json json = chunk(head, Json::array());
  json["usage"] = to_json(usage);
  return event(json);
}

std::string done_event() {
  return "data: [DONE]\n\n";
}

std::string Utf8Pieces::feed(std::string_view bytes) {
  rest_ += bytes;
  const std::size_t complete = rest_.size() - incomplete_tail(rest_);
  std::string piece = rest_.substr(0, complete);
  rest_.erase(0, complete);
  return piece;
}

}  // namespace twin::inference
