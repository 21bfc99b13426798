// Chat at any OpenAI-compatible URL.
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "models/engines/openai_chat.h"
#include "models/engines/worker.h"

namespace twin::models {
namespace {

class RemoteChat final : public ChatEngine {
 public:
  explicit RemoteChat(const RemoteConfig& config) : config_(config), http_(make_http_client()) {
    while (config_.url.ends_with('/')) config_.url.pop_back();
  }

  Result<ChatResult> chat(const ChatRequest& request, const std::function<bool(std::string_view)>& on_delta) override {
    if (request.adapter) {
      return fail(ErrorKind::usage, tr("A remote model cannot take a local adapter"), config_.url);
    }
    auto body = openai_chat_body(request);
    if (!body) return tl::unexpected(body.error());
    (*body)["model"] = config_.model;
    HttpRequest http;
    http.url = config_.url + "/chat/completions";
    http.total_timeout = Millis{config_.timeout_s * 1000};
    http.body = body->dump();
    const auto key = authorization();
    if (!key) return tl::unexpected(key.error());
    http.headers = *key;
    return stream_chat(*http_, std::move(http), on_delta, request.cancel);
  }

  int context_tokens() const override { return config_.context_tokens; }

 private:
  /// Read at each request, so that the key is in no object that could be logged.
  Result<Headers> authorization() const {
    if (config_.key_env.empty()) return Headers{};
    const char* const key = std::getenv(config_.key_env.c_str());
    if (key == nullptr || *key == '\0') {
      return fail(ErrorKind::usage, tr("The environment variable {} with the API key is not set", config_.key_env),
                  config_.url);
    }
    return Headers{{"Authorization", std::string("Bearer ") + key}};
  }

  RemoteConfig config_;
  std::unique_ptr<HttpClient> http_;
};

}  // namespace

void RemoteConfig::bind(config::Binder& b) {
  b.field("url", url, "Base URL of an OpenAI-compatible server, such as http://localhost:11434/v1");
  b.field("model", model, "Model name at that server");
  b.field("key_env", key_env, "Environment variable that holds the API key; empty for none");
  b.field("context_tokens", context_tokens, "Context window of that model, in tokens",
          {.min = 256, .max = 1 << 24, .one_of = {}});
  b.field("timeout_s", timeout_s, "Longest time for one answer, in seconds",
          {.min = 1, .max = 86'400, .one_of = {}, .key_irrelevant = true});
}

std::unique_ptr<ChatEngine> make_remote_chat(const RemoteConfig& config) {
  return std::make_unique<RemoteChat>(config);
}

}  // namespace twin::models
