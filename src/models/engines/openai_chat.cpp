#include "models/engines/openai_chat.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "models/engines/sse.h"

namespace twin::models {
namespace {

constexpr std::size_t quoted_body = 300;  // bytes of an answer that is not understood

using SteadyClock = std::chrono::steady_clock;

double ms_since(SteadyClock::time_point start) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - start).count();
}

std::string text_or_empty(const Json& json, const char* key) {
  const auto it = json.find(key);
  return it != json.end() && it->is_string() ? it->get<std::string>() : std::string();
}

int number_or(const Json& json, const char* key, int fallback) {
  const auto it = json.find(key);
  return it != json.end() && it->is_number() ? it->get<int>() : fallback;
}

/// The answer as it grows.
class AnswerReader {
 public:
  AnswerReader(const std::function<bool(std::string_view)>& on_delta, std::string url)
      : on_delta_(on_delta), url_(std::move(url)), start_(SteadyClock::now()) {}

  /// One event; false ends the stream.
  bool take(std::string_view data) {
    if (stopped_ || error_) return false;
    if (data == "[DONE]") {
      done_ = true;
      return true;
    }
    const Json json = Json::parse(data, nullptr, false);
    if (!json.is_object()) {
      error_ = Error{
          ErrorKind::network, tr("The server's stream is not understood: {}", text::clip(data, quoted_body)), url_, {}};
      return false;
    }
    if (json.contains("error")) {
      const Json& error = json["error"];
      error_ = openai_error(error.is_object() ? number_or(error, "code", 500) : 500, std::string(data), url_);
      return false;
    }
    read_usage(json);
    const auto choices = json.find("choices");
    if (choices == json.end() || !choices->is_array() || choices->empty()) return true;
    return read_choice(choices->front());
  }

  Result<ChatResult> result(bool cancelled) {
    answer_.total_ms = ms_since(start_);
    if (stopped_ || cancelled) {
      answer_.finish_reason = "cancelled";
      return answer_;
    }
    if (error_) return tl::unexpected(*error_);
    if (answer_.finish_reason.empty() && !done_) {
      return fail(ErrorKind::network, tr("The answer broke off after {} characters", answer_.text.size()), url_,
                  tr("Ask again"));
    }
    if (answer_.finish_reason.empty()) answer_.finish_reason = "stop";
    return answer_;
  }

 private:
  void read_usage(const Json& json) {
    const auto usage = json.find("usage");
    if (usage == json.end() || !usage->is_object()) return;
    answer_.usage.prompt_tokens = number_or(*usage, "prompt_tokens", answer_.usage.prompt_tokens);
    answer_.usage.completion_tokens = number_or(*usage, "completion_tokens", answer_.usage.completion_tokens);
  }

  bool read_choice(const Json& choice) {
    if (!choice.is_object()) return true;
    if (auto reason = text_or_empty(choice, "finish_reason"); !reason.empty()) answer_.finish_reason = reason;
    const auto delta = choice.find("delta");
    if (delta == choice.end() || !delta->is_object()) return true;
    const std::string piece = text_or_empty(*delta, "content");
    if (piece.empty()) return true;
    if (answer_.text.empty()) answer_.first_token_ms = ms_since(start_);
    answer_.text += piece;
    stopped_ = on_delta_ && !on_delta_(piece);
    return !stopped_;
  }

  const std::function<bool(std::string_view)>& on_delta_;
  std::string url_;
  SteadyClock::time_point start_;
  ChatResult answer_;
  std::optional<Error> error_;
  bool done_ = false;
  bool stopped_ = false;
};

}  // namespace

Result<Json> openai_chat_body(const ChatRequest& request) {
  Json messages = Json::array();
  for (const Message& message : request.messages) {
    if (text::first_invalid_utf8(message.content) != std::string::npos) {
      return fail(ErrorKind::invalid, tr("A message is not valid UTF-8"));
    }
    messages.push_back({{"role", message.role}, {"content", message.content}});
  }
  Json body{{"messages", std::move(messages)},
            {"max_tokens", request.max_tokens},
            {"temperature", request.temperature},
            {"top_p", request.top_p},
            {"seed", request.seed},
            {"stream", true},
            {"stream_options", {{"include_usage", true}}}};
  if (!request.stop.empty()) body["stop"] = request.stop;
  if (!request.json_schema.empty()) {
    Json schema = Json::parse(request.json_schema, nullptr, false);
    if (!schema.is_object()) return fail(ErrorKind::invalid, tr("The schema of an answer is not JSON"));
    body["response_format"] = {{"type", "json_schema"},
                               {"json_schema", {{"name", "answer"}, {"strict", true}, {"schema", std::move(schema)}}}};
  }
  return body;
}

Result<ChatResult> stream_chat(HttpClient& http, HttpRequest request,
                               const std::function<bool(std::string_view)>& on_delta, const std::stop_token& cancel,
                               ServerRefusal* refusal) {
  AnswerReader reader(on_delta, request.url);
  SseParser events([&](std::string_view data) { return reader.take(data); });
  request.method = "POST";
  request.headers.emplace_back("Content-Type", "application/json");
  request.headers.emplace_back("Accept", "text/event-stream");
  request.stop = cancel;
  request.on_data = [&](std::string_view bytes) { return events.feed(bytes); };
  const auto response = http.send(request);
  if (cancel.stop_requested()) return reader.result(true);
  if (events.too_large()) return fail(ErrorKind::limit, tr("The server sent an event without end"), request.url);
  if (!response) {
    // The reader knows better when it was it that ended the stream.
    auto partial = reader.result(false);
    if (partial && partial->finish_reason == "cancelled") return partial;
    return tl::unexpected(response.error());
  }
  if (response->status / 100 != 2) {
    if (refusal) *refusal = {response->status, std::string(response->header("retry-after"))};
    return tl::unexpected(openai_error(response->status, response->body, request.url));
  }
  (void)events.finish();
  return reader.result(false);
}

Error openai_error(int status, const std::string& body, const std::string& url) {
  const Json json = Json::parse(body, nullptr, false);
  const Json error = json.is_object() ? json.value("error", Json()) : Json();
  std::string message = error.is_string() ? error.get<std::string>() : std::string();
  std::string type;
  std::string code;
  if (error.is_object()) {
    message = text_or_empty(error, "message");
    type = text_or_empty(error, "type");
    code = text_or_empty(error, "code");
  }
  if (type == "exceed_context_size_error") {
    return {ErrorKind::limit,
            tr("The prompt has {} tokens, the context holds {}", number_or(error, "n_prompt_tokens", 0),
               number_or(error, "n_ctx", 0)),
            url, tr("Shorten the prompt, or raise context_tokens")};
  }
  if (code == "context_length_exceeded" || message.find("maximum context length") != std::string::npos) {
    return {ErrorKind::limit, message, url, tr("Shorten the prompt")};
  }
  if (message.empty()) message = text::repair_utf8(text::clip(body, quoted_body));
  ErrorKind kind = ErrorKind::network;
  if (status == 404) kind = ErrorKind::not_found;
  if (status == 400 || status == 413 || status == 422) kind = ErrorKind::invalid;
  std::string hint;
  if (status == 401 || status == 403) {
    kind = ErrorKind::usage;
    hint = tr("Check the API key");
  }
  return {kind, tr("The model server answered {}: {}", status, message), url, hint};
}

}  // namespace twin::models
