#include "models/engines/worker_client.h"

#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "models/engines/openai_chat.h"

namespace twin::models {

Result<HttpRequest> WorkerClient::request(const std::string& path) {
  const auto endpoint = process_.endpoint();
  if (!endpoint) return tl::unexpected(endpoint.error());
  HttpRequest request;
  request.url = endpoint->url + path;
  request.headers = {{"Authorization", "Bearer " + endpoint->key}};
  request.total_timeout = timeout_;
  return request;
}

Result<Json> WorkerClient::post(const std::string& path, const Json& body, const std::stop_token& stop) {
  std::string bytes;
  try {
    bytes = body.dump();
  } catch (const Json::exception&) {
    return fail(ErrorKind::invalid, tr("The text is not valid UTF-8"));
  }
  return send("POST", path, bytes, stop);
}

Result<Json> WorkerClient::get(const std::string& path) {
  return send("GET", path, {});
}

bool WorkerClient::worth_repeating(const Error& error, const HttpRequest& request) {
  return error.kind == ErrorKind::network && process_.replaced(request.url.substr(0, request.url.find('/', 8)));
}

Result<HttpResponse> WorkerClient::exchange(const std::string& path, const std::string& body) {
  return exchange("POST", path, body, {});
}

Result<HttpResponse> WorkerClient::exchange(const std::string& method, const std::string& path, const std::string& body,
                                            const std::stop_token& stop) {
  for (bool first = true;; first = false) {
    auto sent = request(path);
    if (!sent) return tl::unexpected(sent.error());
    sent->method = method;
    sent->body = body;
    sent->stop = stop;
    if (!body.empty()) sent->headers.emplace_back("Content-Type", "application/json");
    auto response = http_->send(*sent);
    if (response) {
      response->url = sent->url;
      return response;
    }
    if (!first || !worth_repeating(response.error(), *sent)) return response;
  }
}

Result<Json> WorkerClient::send(const std::string& method, const std::string& path, const std::string& body,
                                const std::stop_token& stop) {
  const auto response = exchange(method, path, body, stop);
  if (!response) return tl::unexpected(response.error());
  if (response->status != 200) return tl::unexpected(openai_error(response->status, response->body, response->url));
  Json json = Json::parse(response->body, nullptr, false);
  if (json.is_discarded()) return fail(ErrorKind::network, tr("The worker's answer is not JSON"), response->url);
  return json;
}

}  // namespace twin::models
