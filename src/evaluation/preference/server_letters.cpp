#include "evaluation/preference/server_letters.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "models/engines/openai_chat.h"

namespace twin::evaluation {

namespace {

constexpr int most_alternatives = 20;  // that the protocol allows

/// log(e^a + e^b), of what was there before.
void add_probability(std::optional<double>& sum, double logprob) {
  sum = sum ? std::max(*sum, logprob) + std::log1p(std::exp(-std::abs(*sum - logprob))) : logprob;
}

class LetterServer {
 public:
  LetterServer(const models::RemoteConfig& config, std::shared_ptr<HttpClient> http, AskLetter otherwise,
               std::stop_token stop)
      : config_(config), http_(std::move(http)), otherwise_(std::move(otherwise)), stop_(std::move(stop)) {
    while (config_.url.ends_with('/')) config_.url.pop_back();
  }

  Result<double> ask(const std::string& prompt) {
    if (has_odds_) {
      const auto request = request_for(prompt);
      if (!request) return tl::unexpected(request.error());
      const auto response = http_->send(*request);
      if (stop_.stop_requested()) return fail(ErrorKind::cancelled, tr("stopped"));
      if (response && response->status / 100 == 2) {
        if (const auto odds = odds_in(response->body)) return *odds;
      }
      const bool busy = !response || response->status == 429 || response->status >= 500;
      if (!busy) has_odds_ = false;
    }
    return otherwise_(prompt);
  }

 private:
  Result<HttpRequest> request_for(const std::string& prompt) const {
    models::ChatRequest chat;
    chat.messages = {{"user", prompt}};
    chat.max_tokens = 1;
    auto body = models::openai_chat_body(chat);
    if (!body) return tl::unexpected(body.error());
    (*body)["model"] = config_.model;
    (*body)["stream"] = false;
    body->erase("stream_options");
    (*body)["logprobs"] = true;
    (*body)["top_logprobs"] = most_alternatives;
    HttpRequest request;
    request.method = "POST";
    request.url = config_.url + "/chat/completions";
    request.headers = {{"Content-Type", "application/json"}};
    // A key that is not set is said by the other way of asking.
    const char* const key = config_.key_env.empty() ? nullptr : std::getenv(config_.key_env.c_str());
    if (key != nullptr) request.headers.emplace_back("Authorization", std::string("Bearer ") + key);
    request.total_timeout = Millis{config_.timeout_s * 1000};
    request.body = body->dump();
    request.stop = stop_;
    return request;
  }

  models::RemoteConfig config_;
  std::shared_ptr<HttpClient> http_;
  AskLetter otherwise_;
  std::stop_token stop_;
  std::atomic<bool> has_odds_ = true;
};

}  // namespace

std::optional<double> odds_in(const std::string& response_body) {
  const Json json = Json::parse(response_body, nullptr, false);
  std::optional<double> a, b;
  double lowest = 0;
  try {
    for (const Json& entry : json.at("choices").at(0).at("logprobs").at("content").at(0).at("top_logprobs")) {
      const auto logprob = entry.at("logprob").get<double>();
      const std::string token(text::trim(entry.at("token").get_ref<const std::string&>()));
      lowest = std::min(lowest, logprob);
      if (token == "A") add_probability(a, logprob);
      if (token == "B") add_probability(b, logprob);
    }
  } catch (const Json::exception&) {
    return std::nullopt;
  }
  if (!a && !b) return std::nullopt;
  // The one that is not among them is less likely than the last that is.
  return a.value_or(lowest) - b.value_or(lowest);
}

AskLetter letter_by_server(const models::RemoteConfig& config, std::shared_ptr<HttpClient> http, AskLetter otherwise,
                           std::stop_token stop) {
  const auto server = std::make_shared<LetterServer>(config, std::move(http), std::move(otherwise), std::move(stop));
  return [server](const std::string& prompt) { return server->ask(prompt); };
}

}  // namespace twin::evaluation
