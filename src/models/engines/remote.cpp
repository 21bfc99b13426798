// Chat at any OpenAI-compatible URL.
#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/ascii.h"
#include "models/engines/openai_chat.h"
#include "models/engines/worker.h"

namespace twin::models {
namespace {

constexpr Millis kSlice{100};  // of a wait, after which a wish to stop is heard
constexpr double kFirstPause = 1.0;

/// Seconds that Retry-After asks for; negative: nothing that is understood.
double seconds_asked(const std::string& retry_after, Clock& clock) {
  if (retry_after.empty()) return -1;
  if (std::all_of(retry_after.begin(), retry_after.end(), text::is_ascii_digit) && retry_after.size() < 10) {
    return std::stod(retry_after);
  }
  const auto time = parse_time(retry_after);
  return time ? std::max(0.0, static_cast<double>(*time - clock.now()) / 1000.0) : -1;
}

class RemoteChat final : public ChatEngine {
 public:
  RemoteChat(const RemoteConfig& config, std::unique_ptr<HttpClient> http, Clock& clock)
      : config_(config), http_(http ? std::move(http) : make_http_client()), clock_(clock) {
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
    return send(http, on_delta, request.cancel);
  }

  int context_tokens() const override { return config_.context_tokens; }

 private:
  /// Again and again, as long as nothing of the answer has reached the caller and the server may think better of it.
  Result<ChatResult> send(const HttpRequest& http, const std::function<bool(std::string_view)>& on_delta,
                          const std::stop_token& cancel) {
    bool delivered = false;
    const auto deliver = [&](std::string_view delta) {
      delivered = true;
      return !on_delta || on_delta(delta);
    };
    double pause = kFirstPause;
    for (int attempt = 0;; ++attempt, pause *= 2) {
      if (!wait_for_turn(cancel)) {
        ChatResult stopped;
        stopped.finish_reason = "cancelled";
        return stopped;
      }
      ServerRefusal refusal;
      auto answer = stream_chat(*http_, http, deliver, cancel, &refusal);
      const bool may_pass = !answer && !delivered && answer.error().kind == ErrorKind::network &&
                            (refusal.status == 0 || refusal.status == 429 || refusal.status >= 500);
      if (!may_pass || attempt == config_.retries) return answer;
      const double asked = seconds_asked(refusal.retry_after, clock_);
      const double wait = std::max(asked, std::min(pause, static_cast<double>(config_.longest_wait_s)));
      if (wait > config_.longest_wait_s) {
        answer.error().hint = tr("The server asks to wait {:.0f} s; raise longest_wait_s, or try again later", wait);
        return answer;
      }
      postpone(wait);
    }
  }

  void postpone(double seconds) {
    const std::lock_guard lock(mutex_);
    not_before_ = std::max(not_before_, clock_.monotonic() + seconds);
  }

  /// False when the caller wants to stop.
  bool wait_for_turn(const std::stop_token& cancel) {
    for (;;) {
      if (cancel.stop_requested()) return false;
      double left = 0;
      {
        const std::lock_guard lock(mutex_);
        left = not_before_ - clock_.monotonic();
      }
      if (left <= 0) return true;
      clock_.sleep(std::min(kSlice, std::max(Millis{1}, to_millis(left))));
    }
  }

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
  Clock& clock_;
  std::mutex mutex_;
  double not_before_ = 0;  // monotonic; guarded by mutex_
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
  b.field("retries", retries, "Further attempts after 429, 5xx or a failed connection",
          {.min = 0, .max = 100, .one_of = {}, .key_irrelevant = true});
  b.field("longest_wait_s", longest_wait_s,
          "Longest pause before one, in seconds; a server that asks for more (Retry-After) is given up",
          {.min = 0, .max = 86'400, .one_of = {}, .key_irrelevant = true});
}

std::unique_ptr<ChatEngine> make_remote_chat(const RemoteConfig& config, std::unique_ptr<HttpClient> http,
                                             Clock& clock) {
  return std::make_unique<RemoteChat>(config, std::move(http), clock);
}

}  // namespace twin::models
