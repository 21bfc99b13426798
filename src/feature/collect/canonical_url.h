// Canonical form of a document's URL, and links relative to it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace twin::feature {

/// One page, one address. http(s): host in lower case and Punycode; https, unless a port is given that is not the
/// scheme's own; without user, password, "www.", mobile and AMP forms, dot segments, index file, trailing slash,
/// session id, tracking parameters and what the rules of single hosts remove (url_rules.h); parameters in order of
/// name; escapes only where they are needed, in upper case. A fragment goes, but for "#!…" and "#/…", by which some
/// pages choose what they show. file: URLs get normal escapes; others, and what is no URL, are returned trimmed. Never
/// fails; a fixed point.
[[nodiscard]] std::string canonical_url(const std::string& url);

/// The address of a page fetched from `fetched` that declares `declared` as its own (rel=canonical), canonical. What it
/// declares is believed when it is on the same site (registrable domain by the Public Suffix List, and the same host
/// where each host has another owner), is not the home page of it, and keeps the parameters of a script.
[[nodiscard]] std::string page_url(const std::string& fetched, const std::string& declared);

/// Whether it is fetched by HTTP: its scheme is http or https, in lower case.
[[nodiscard]] bool is_web(std::string_view url);

/// For people: Punycode and escaped UTF-8 as text. Not to be fetched or compared.
[[nodiscard]] std::string readable_url(const std::string& url);

/// What a user gives as a place ("velog.io/@me") as an address: with https:// when it has no scheme, is nothing on this
/// machine and begins with a host name under a public suffix of ICANN's part of the list. Anything else as it is.
[[nodiscard]] std::string address_of(const std::string& location);

/// A link of a page by the WHATWG URL standard: absolute when the base is http(s), else as it stands. Never fails.
[[nodiscard]] std::string resolve_url(const std::string& base, std::string_view link);

/// The file: URL of an absolute path: "/a b/ü.md" → "file:///a%20b/%C3%BC.md".
[[nodiscard]] std::string file_url(std::string_view absolute_path);
/// The other way round; nullopt for any other URL.
[[nodiscard]] std::optional<std::string> path_of_file_url(std::string_view url);

/// Bytes that may not stand in the path of a URL as %XX; "/" stays.
[[nodiscard]] std::string percent_encode_path(std::string_view path);

}  // namespace twin::feature
