// What is known of addresses on the web: parameters that say nothing of the page, and the forms that one page has on
// certain hosts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace twin::feature {

/// An http(s) URL taken apart, escapes normal.
struct UrlParts {
  std::string host;                     ///< lower case, Punycode
  std::string port;                     ///< empty: that of the scheme
  std::string path;                     ///< begins with "/"
  std::vector<std::string> parameters;  ///< "name=value" or "name", in order
  std::string fragment;

  /// The value of a parameter by its exact name; empty when there is none.
  [[nodiscard]] std::string parameter(std::string_view name) const;
  /// Removes parameters by exact name.
  void drop(std::initializer_list<std::string_view> names);
};

/// Whether a parameter says how a reader came to the page or who they are, not which page it is: "utm_source=x",
/// "PHPSESSID=…". Names are compared without case.
[[nodiscard]] bool is_tracking(std::string_view parameter);

/// Removes session ids written into a path: ";jsessionid=…", "/(S(…))/".
[[nodiscard]] std::string without_session(std::string_view path);

/// Forms of a page for telephones and AMP, by host name and path, and copies in AMP caches: the page's own, without
/// "www.".
void to_common_host(UrlParts& url);

/// The rules of single hosts: YouTube, Naver, Tistory, Medium …: several addresses of one page become one.
void apply_host_rules(UrlParts& url);

/// Whether each host below this one belongs to somebody else although the Public Suffix List does not say so.
[[nodiscard]] bool has_tenants(std::string_view site);

}  // namespace twin::feature
