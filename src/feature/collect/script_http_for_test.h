// A client whose answers a test writes as a function; records what was asked. Thread-safe.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "core/http/http.h"

namespace twin::feature {

/// What the clients made by script() share with the test.
struct Asked {
  std::mutex mutex;
  std::vector<HttpRequest> requests;
  [[nodiscard]] int count(const std::string& url) {
    const std::scoped_lock lock(mutex);
    int out = 0;
    for (const auto& request : requests) out += request.url == url ? 1 : 0;
    return out;
  }
  [[nodiscard]] std::vector<std::string> urls() {
    const std::scoped_lock lock(mutex);
    std::vector<std::string> out;
    for (const auto& request : requests) out.push_back(request.url);
    return out;
  }
};

class ScriptHttp final : public HttpClient {
 public:
  using Script = std::function<Result<HttpResponse>(const HttpRequest&)>;
  ScriptHttp(Asked& asked, Script script, Parallel parallel = {})
      : asked_(asked), script_(std::move(script)), parallel_(parallel) {}

  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request) override {
    {
      const std::scoped_lock lock(asked_.mutex);
      asked_.requests.push_back(request);
    }
    auto response = script_(request);
    if (response && response->url.empty()) response->url = request.url;
    if (response && request.on_data && response->status / 100 == 2) {
      request.on_data(response->body);
      response->body.clear();
    }
    return response;
  }
  [[nodiscard]] Parallel parallel() const override { return parallel_; }

 private:
  Asked& asked_;
  Script script_;
  Parallel parallel_;
};

inline HttpResponse answer_of(int status, std::string body = {}, Headers headers = {}) {
  HttpResponse out;
  out.status = status;
  out.body = std::move(body);
  out.headers = std::move(headers);
  return out;
}

inline HttpRequest get_request(std::string url, Headers headers = {}) {
  HttpRequest out;
  out.url = std::move(url);
  out.headers = std::move(headers);
  return out;
}

inline std::string header_of(const HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace twin::feature
