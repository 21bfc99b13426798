// Canonical form of a document's URL, and links relative to it.
#pragma once

#include <string>
#include <string_view>

namespace twin::feature {

/// http(s): lower-case scheme and host, https, no "www.", default port, fragment, tracking parameters (utm_*, fbclid,
/// gclid …) or trailing slash; parameters sorted. file: and git: URLs are only normalized. Never fails: a text that is
/// not a URL is returned trimmed.
[[nodiscard]] std::string canonical_url(const std::string& url);

/// A link of a page by the WHATWG URL standard: absolute when the base is http(s), else as it stands. Never fails.
[[nodiscard]] std::string resolve_url(const std::string& base, std::string_view link);

/// The file: URL of an absolute path: "/a b/ü.md" → "file:///a%20b/%C3%BC.md".
[[nodiscard]] std::string file_url(std::string_view absolute_path);

/// Bytes that may not stand in the path of a URL as %XX; "/" stays.
[[nodiscard]] std::string percent_encode_path(std::string_view path);

}  // namespace twin::feature
