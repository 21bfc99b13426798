// robots.txt by the Robots Exclusion Protocol (RFC 9309).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace twin::feature {

/// What one robots.txt says to one crawler. Parsing never fails: what is no rule is skipped.
///
/// Groups that name the crawler are merged and win over those for "*". The longest matching pattern decides, Allow
/// before Disallow when they are equally long. "*" stands for any characters, a "$" at the end for the end of the
/// address; matching is linear in the length of the address. As in Google's parser: names are compared without case up
/// to the first character that is no letter, "-" or "_"; common misspellings of the keys are understood; "Allow:
/// /index.html" allows "/", too.
///
/// Percent-encoding: "/%ED%95%9C" and "/한" are the same. An octet that need not be encoded ("%62" for "b") is taken as
/// decoded by Disallow and as it stands by Allow: in doubt, an address is not allowed.
class Robots {
 public:
  /// Bytes after the first 500 KiB are not looked at (RFC 9309, 2.5).
  static constexpr std::size_t max_bytes = 500 << 10;

  /// `agent`: the crawler's product token ("Twin").
  [[nodiscard]] static Robots parse(std::string_view text, std::string_view agent);

  /// `target`: path and query of the address, as they are asked for. robots.txt itself is always allowed.
  [[nodiscard]] bool allows(std::string_view target) const;
  /// Seconds between two requests (Crawl-delay, not part of the RFC); the largest one that is stated.
  [[nodiscard]] std::optional<double> crawl_delay() const { return crawl_delay_; }
  /// Addresses of the site's sitemaps, for any crawler, in order.
  [[nodiscard]] const std::vector<std::string>& sitemaps() const { return sitemaps_; }

 private:
  struct Pattern {
    std::vector<std::string> parts;  ///< what stands between the "*"
    bool at_end = false;             ///< "$"
    [[nodiscard]] bool matches(std::string_view target) const;
  };
  struct Rule {
    Pattern plain;       ///< non-ASCII octets encoded, hex digits in upper case
    Pattern normalized;  ///< also without needless encoding
    std::size_t length = 0;
    bool allow = false;
  };
  [[nodiscard]] static Pattern pattern_of(std::string_view text);
  void add_rule(bool allow, std::string_view value);

  std::vector<Rule> rules_;
  std::optional<double> crawl_delay_;
  std::vector<std::string> sitemaps_;
};

/// The product token of a user agent as robots.txt would name it: "Twin/0.3 (…)" → "Twin".
[[nodiscard]] std::string_view product_token(std::string_view user_agent);

}  // namespace twin::feature
