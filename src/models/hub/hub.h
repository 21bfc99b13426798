// A hub that speaks Hugging Face's HTTP API: where it is, who asks, how it says no.
#pragma once

#include <string>
#include <string_view>

#include "core/http/http.h"
#include "core/json.h"
#include "core/result.h"

namespace twin::models {

/// ORG/NAME[@REVISION][/FILE].
struct HubReference {
  std::string repo;               ///< ORG/NAME
  std::string revision = "main";  ///< a branch, tag or commit without '/'
  std::string file;               ///< a path inside, or empty
};
/// ErrorKind::usage for anything else; names are of letters, digits and - _ . + only, "." and ".." are none.
[[nodiscard]] Result<HubReference> parse_hub_reference(const std::string& text);
/// Whether every part of a path may be used as a file name.
[[nodiscard]] bool is_plain_path(const std::string& path);

/// Not thread-safe. The token is read from HF_TOKEN at each request and kept nowhere.
class Hub {
 public:
  /// `url`: of the hub; $HF_ENDPOINT replaces the default one.
  Hub(HttpClient& http, std::string url);
  /// Of the environment, or the hub that everybody uses.
  static std::string default_url();

  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] HttpClient& http() { return http_; }
  /// Empty without a token.
  [[nodiscard]] static Headers authorization();
  [[nodiscard]] static bool has_token();

  /// The JSON of a 2xx answer. Errors as refusal().
  [[nodiscard]] Result<Json> get(const std::string& path, const std::string& what);
  [[nodiscard]] Result<Json> post(const std::string& path, const std::string& body, const std::string& what,
                                  const std::string& content_type = "application/json");
  /// What a status other than 2xx means, with the hub's own words: 401 and 403 are ErrorKind::usage, 404 is not_found,
  /// others network. `what`: "hf:ORG/NAME".
  [[nodiscard]] static Error refusal(const HttpResponse& response, const std::string& what);
  /// Any status.
  [[nodiscard]] Result<HttpResponse> send(HttpRequest request);

 private:
  HttpClient& http_;
  std::string url_;
};

}  // namespace twin::models
