// The HTTP client behind an interface.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace twin {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  Headers headers;
  std::string body;
  Millis connect_timeout{10'000};
  Millis total_timeout{60'000};           ///< zero: none (streams)
  std::uint64_t max_bytes = 64ull << 20;  ///< after decompression; exceeding it is ErrorKind::limit
  int max_redirects = 5;
  /// Called with each piece of the body of a 2xx answer instead of collecting it; max_bytes holds for it too.
  /// Return false to stop: what came so far is then the answer, not an error.
  std::function<bool(std::string_view)> on_data;
  std::stop_token stop;
};

struct HttpResponse {
  int status = 0;
  Headers headers;  ///< names in lower case
  std::string body;
  std::string url;  ///< after redirects
  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  /// Any status is a value; only transport failures are errors: network (may be retried), limit, cancelled, and
  /// usage for what is no http(s) URL.
  [[nodiscard]] virtual Result<HttpResponse> send(const HttpRequest& request) = 0;
};

/// libcurl; keeps connections alive, thread-safe. Obeys http_proxy and no_proxy, but never for this machine itself.
[[nodiscard]] std::unique_ptr<HttpClient> make_http_client(std::string user_agent = {});

/// Answers from a table, for tests; records what was asked. An unknown URL is ErrorKind::network.
class FakeHttp final : public HttpClient {
 public:
  std::map<std::string, HttpResponse> pages;
  std::vector<HttpRequest> requests;
  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request) override;
};

}  // namespace twin
