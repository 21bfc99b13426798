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
#include "core/http/address_guard.h"
#include "core/result.h"

namespace twin {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  Headers headers;
  std::string body;
  Millis connect_timeout{10'000};         ///< name look-up and connection
  Millis total_timeout{60'000};           ///< all of it, redirects included; zero: none (streams)
  std::uint64_t max_bytes = 64ull << 20;  ///< as sent and after decompression; exceeding it is ErrorKind::limit
  int max_redirects = 5;                  ///< 0: a redirect is the answer
  /// Called with each piece of the body of a 2xx answer instead of collecting it; max_bytes holds for it too.
  /// Return false to stop: what came so far is then the answer, not an error.
  std::function<bool(std::string_view)> on_data;
  std::stop_token stop;
};

struct HttpResponse {
  int status = 0;
  Headers headers;  ///< names in lower case
  std::string body;
  std::string url;      ///< after redirects
  bool cached = false;  ///< the server said that what a local cache holds is current: the body is the earlier one
  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  /// Any status is a value; only transport failures are errors: network (may be retried), limit, cancelled, and
  /// usage for what is no http(s) URL.
  [[nodiscard]] virtual Result<HttpResponse> send(const HttpRequest& request) = 0;
  /// How many threads may call send() at once to some use: to one host, and in all. Fakes: one.
  struct Parallel {
    int per_host = 1, total = 1;
  };
  [[nodiscard]] virtual Parallel parallel() const { return {}; }
};

/// What a client for foreign servers allows. The defaults suit servers that are trusted.
struct HttpPolicy {
  std::string user_agent;                     ///< empty: "Twin/" and the version
  std::shared_ptr<const AddressGuard> guard;  ///< which addresses may be connected to; null: all
  Millis tls_timeout{0};                      ///< from the connection to the end of the TLS handshake; zero: none
  Millis answer_timeout{0};                   ///< from the request to the end of the answer's headers; zero: none
  Millis idle_timeout{0};                     ///< longest pause within a body; zero: none
  std::uint64_t min_bytes_per_second = 0;     ///< of a body, over twice idle_timeout (or 20 s)
  double max_ratio = 0;                       ///< unpacked to sent bytes, after the first MiB: a bomb; zero: any
  std::uint64_t max_header_bytes = 256 << 10;
  bool allow_downgrade = true;       ///< follow a redirect from https to http
  std::vector<std::string> resolve;  ///< "host:port:address": the address of a name instead of asking DNS
};

/// libcurl; keeps connections alive, thread-safe, no cookies. Obeys http_proxy and no_proxy, but never for this machine
/// itself. Redirects: to http(s) only, without the credentials when the host changes; a loop is ErrorKind::invalid.
[[nodiscard]] std::unique_ptr<HttpClient> make_http_client(HttpPolicy policy);
/// For this machine's workers and servers that are trusted.
[[nodiscard]] std::unique_ptr<HttpClient> make_http_client(std::string user_agent = {});
/// "Twin/" and the version.
[[nodiscard]] std::string default_user_agent();

/// Answers from a table, for tests; records what was asked. An unknown URL is ErrorKind::network.
class FakeHttp final : public HttpClient {
 public:
  std::map<std::string, HttpResponse> pages;
  std::vector<HttpRequest> requests;
  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request) override;
};

}  // namespace twin
