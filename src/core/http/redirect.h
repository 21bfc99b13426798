// Where a redirect leads, and what may go there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/http/http.h"

namespace twin {

/// Follows the redirects of one request, one hop at a time.
class Redirects {
 public:
  /// Starts at `request`, which is copied. A redirect from https to http is refused unless allowed.
  Redirects(HttpRequest request, bool allow_downgrade);

  /// The request to send now; its max_redirects is 0.
  [[nodiscard]] const HttpRequest& request() const { return request_; }

  /// Looks at the answer to request(). True: it is a redirect, and request() is now the next hop. False: it is the
  /// answer. Errors: more redirects than the first request's max_redirects (limit), a circle, a place that is not on
  /// the web, a downgrade (invalid). By RFC 9110, 15.4: 303, and 301 or 302 after POST, go on with GET. To another host
  /// go only headers that hold no credentials or conditions (Accept, Content-Type, Range …); a user and password in
  /// Location are dropped.
  [[nodiscard]] Result<bool> follow(const HttpResponse& response);

 private:
  HttpRequest request_;
  int left_;
  const int most_;
  bool allow_downgrade_;
  std::string first_url_;
  std::vector<std::string> visited_;  ///< "GET https://…"
};

}  // namespace twin
