// The GitHub REST API: one request at a time, its rate limits respected.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "feature/sources/source.h"

namespace twin::feature::github {

struct ApiConfig {
  std::string url = "https://api.github.com";  ///< another one for GitHub Enterprise
  std::string token = "GITHUB_TOKEN";          ///< name of the secret
  int max_wait_seconds = 120;                  ///< longest pause for a rate limit before giving up
  int max_list_pages = 50;                     ///< pages of one listing, 100 entries each
  void bind(config::Binder& b);
};

/// Conditional requests (ETag) are the HTTP client's business: an answer 304 comes here as what was kept.
class Api {
 public:
  Api(const ApiConfig& config, SourceContext& context);

  /// GET of a path ("/repos/me/x") or of an address that the API gave. Errors: not_found; limit when a rate limit would
  /// take longer than max_wait_seconds (then every later request fails with the same, without being sent); invalid when
  /// the answer is no JSON; network.
  [[nodiscard]] Result<Json> get(const std::string& path);
  /// The bytes of a blob, at most max_item_bytes.
  [[nodiscard]] Result<std::string> raw(const std::string& path);
  [[nodiscard]] Result<Json> graphql(const std::string& query, const Json& variables);
  /// Every entry of a listing, following Link: rel="next" (RFC 8288). `visit` returns false to
  /// stop. Beyond max_list_pages: ErrorKind::limit after the entries before were visited; a next page that was read
  /// before: invalid.
  [[nodiscard]] Result<void> each(const std::string& path, const std::function<bool(const Json&)>& visit);

  [[nodiscard]] bool has_token() const { return !token_.empty(); }
  [[nodiscard]] const std::string& token() const { return token_; }
  /// Set once a rate limit ended the work.
  [[nodiscard]] bool exhausted() const { return exhausted_.has_value(); }
  /// Of the last answer; 409 is what an empty repository gives.
  [[nodiscard]] int last_status() const { return last_status_; }

 private:
  [[nodiscard]] Result<HttpResponse> send(const std::string& method, const std::string& path, const std::string& accept,
                                          const std::string& body);

  const ApiConfig& config_;
  SourceContext& context_;
  std::string base_, token_;
  Millis wait_left_;
  std::optional<Error> exhausted_;
  int last_status_ = 0;
};

/// rel="next" of a Link header; empty when there is none.
[[nodiscard]] std::string next_link(std::string_view header);

}  // namespace twin::feature::github
