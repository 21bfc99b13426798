#include "stores/index/qdrant/client.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/i18n.h"

namespace twin::stores::qdrant {
namespace {

constexpr Millis kFirstPause{100};
constexpr Millis kLongestPause{2'000};

/// What the server says is wrong: {"status": {"error": "…"}}.
std::string words_of(const HttpResponse& response) {
  constexpr std::size_t kMost = 500;
  const Json json = Json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  if (json.is_object() && json.contains("status") && json["status"].is_object()) {
    return json["status"].value("error", std::string()).substr(0, kMost);
  }
  return response.body.substr(0, kMost);
}

Error error_of(const HttpResponse& response, const std::string& location) {
  const int status = response.status;
  const std::string message = tr("Qdrant answered {}: {}", status, words_of(response));
  if (status == 401 || status == 403) {
    return {ErrorKind::usage, message, location,
            tr("set {} in the environment or in the file with secrets", "QDRANT_API_KEY")};
  }
  if (status == 404) return {ErrorKind::not_found, message, location, {}};
  if (status == 413) {
    return {ErrorKind::limit, message, location,
            tr("lower index.qdrant.batch_bytes, or raise max_request_size_mb of the server")};
  }
  if (status == 429 || status >= 500) return {ErrorKind::network, message, location, tr("look at the server's log")};
  return {ErrorKind::invalid, message, location, {}};
}

}  // namespace

Client::Client(Server server, std::unique_ptr<HttpClient> http, Clock& clock)
    : server_(std::move(server)), http_(std::move(http)), clock_(clock) {}

Result<Json> Client::once(const HttpRequest& request) const {
  auto response = http_->send(request);
  if (!response) {
    Error error = std::move(response.error());
    if (error.kind == ErrorKind::network) {
      error.message = tr("No answer from Qdrant: {}", error.message);
      error.hint = tr("is the server running, and is index.uri right?");
    } else if (error.kind == ErrorKind::limit) {
      error.hint = tr("raise index.qdrant.answer_bytes, or lower index.qdrant.page");
    }
    error.where = server_.location;
    return tl::unexpected(std::move(error));
  }
  if (response->status < 200 || response->status > 299) {
    return tl::unexpected(error_of(*response, server_.location));
  }
  Json json = Json::parse(response->body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("result")) {
    return fail(ErrorKind::invalid, tr("What answers there is no Qdrant server"), server_.location,
                tr("is index.uri right?"));
  }
  return std::move(json["result"]);
}

Result<Json> Client::send(const std::string& method, const std::string& path, const std::string& body) const {
  HttpRequest request;
  request.method = method;
  request.url = server_.base + path;
  request.body = body;
  request.max_redirects = 0;  // the key goes to this server alone
  request.connect_timeout = server_.connect;
  request.total_timeout = server_.request;
  request.max_bytes = server_.answer_bytes;
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  if (!server_.api_key.empty()) request.headers.emplace_back("api-key", server_.api_key);
  const double started = clock_.monotonic();
  for (Millis pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
    auto result = once(request);
    if (result || result.error().kind != ErrorKind::network) return result;
    if (to_millis(clock_.monotonic() - started) + pause > server_.retry) return result;
    clock_.sleep(pause);
  }
}

std::optional<Json> Client::call(const std::string& method, const std::string& path, const std::string& body) const {
  auto result = send(method, path, body);
  if (result) return std::move(*result);
  if (result.error().kind == ErrorKind::not_found) return std::nullopt;
  throw Fatal(std::move(result.error()));
}

std::string body_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace twin::stores::qdrant
