// The parts of a web address: for claims, and for building the addresses of a service.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace twin::feature::web {

struct Address {
  std::string scheme;  ///< "http" or "https"
  std::string host;    ///< lower case, without "www.", user and port
  std::string port;    ///< as written, with ":"; mostly empty
  std::string path;    ///< as written; at least "/"
  std::string query;   ///< without "?"

  /// "https://host:port", with "www." when it was written so.
  std::string origin;
  /// Parts of the path that are not empty, percent-decoded.
  [[nodiscard]] std::vector<std::string> parts() const;
  /// Value of a parameter of the query, percent-decoded; empty when absent.
  [[nodiscard]] std::string parameter(std::string_view name) const;
  [[nodiscard]] bool is(std::string_view domain) const { return host == domain; }
  /// The label in front of the domain ("me" of me.example.com); empty when the host is not directly below it.
  [[nodiscard]] std::string label_below(std::string_view domain) const;
};

/// Nothing when the text is no http(s) address with a host.
[[nodiscard]] std::optional<Address> parse_address(const std::string& text);

/// "%EA%B0%80+b" → "가 b" when `plus_is_space`; broken escapes stay as they are.
[[nodiscard]] std::string percent_decode(std::string_view text, bool plus_is_space = false);

/// A value for a query: everything but unreserved characters as %XX.
[[nodiscard]] std::string query_encode(std::string_view text);

}  // namespace twin::feature::web
