// The parts of a web address, as libcurl reads them: what is checked here is what is connected to.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace twin {

struct WebAddress {
  std::string scheme;  ///< "http" or "https"
  std::string host;    ///< lower case; "127.1" and "2130706433" are "127.0.0.1"; IPv6 in brackets
  std::string port;    ///< the scheme's own when none is given
  std::string target;  ///< path and query: what the server is asked for; percent-encoded
  std::string url;     ///< all of it, percent-encoded where it must be, without user, password and fragment

  /// Host, and the port when it is not the scheme's own: what politeness counts by.
  [[nodiscard]] std::string authority() const;
  /// "https://example.org:8443"
  [[nodiscard]] std::string origin() const { return scheme + "://" + authority(); }
};

/// nullopt when the text is no http(s) URL.
[[nodiscard]] std::optional<WebAddress> parse_web_address(const std::string& url);

/// A reference relative to a base by RFC 3986; nullopt when the result is no http(s) URL.
[[nodiscard]] std::optional<WebAddress> parse_web_reference(const std::string& base, const std::string& reference);

/// As it may be shown: without user and password.
[[nodiscard]] std::string shown_url(const std::string& url);

}  // namespace twin
