// Host names: international ones, and where a site ends (Public Suffix List).
#pragma once

#include <string>
#include <string_view>

namespace twin::feature {

/// Lower case, Punycode (IDNA 2008, UTS #46), without a final dot. A name that IDNA refuses is only folded.
[[nodiscard]] std::string ascii_host(std::string_view host);
/// The other way round, label by label: "xn--9t4b11yi5a.com" → "테스트.com".
[[nodiscard]] std::string unicode_host(std::string_view host);

/// Whether others can register names directly below it: "kr", "co.kr", "github.io".
[[nodiscard]] bool is_public_suffix(const std::string& host);
/// The same by the part of the list that ICANN's registries keep: a name that ends so can be a host.
[[nodiscard]] bool has_icann_suffix(const std::string& host);
/// The registrable domain: "blog.example.co.kr" → "example.co.kr". Addresses, single labels and suffixes: themselves.
[[nodiscard]] std::string site_of(const std::string& host);

/// Whether `host` is `domain` or below it. Both in lower case.
[[nodiscard]] bool is_below(std::string_view host, std::string_view domain);

}  // namespace twin::feature
