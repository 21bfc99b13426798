#include "feature/collect/canonical_url.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <vector>

#include "core/text/unicode.h"

namespace twin::feature {
namespace {

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, UrlDeleter>;

constexpr unsigned int parse_flags = CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE;

/// Null when the text is no absolute URL.
Url parse(const std::string& text) {
  Url url(curl_url());
  if (url == nullptr) throw std::bad_alloc();
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), parse_flags) != CURLUE_OK) return nullptr;
  return url;
}

std::string part(const Url& url, CURLUPart which, unsigned int flags = 0) {
  char* value = nullptr;
  if (curl_url_get(url.get(), which, &value, flags) != CURLUE_OK || value == nullptr) return {};
  std::string out(value);
  curl_free(value);
  return out;
}

void set(const Url& url, CURLUPart which, const std::string& value) {
  curl_url_set(url.get(), which, value.empty() ? nullptr : value.c_str(), 0);
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool is_http(std::string_view url) {
  const auto scheme = text::fold(url.substr(0, url.find(':')));
  return (scheme == "http" || scheme == "https") && url.find("://") != std::string_view::npos;
}

/// Parameters that say how a reader came to the page, not which page it is.
bool is_tracking(std::string_view parameter) {
  static constexpr std::array<std::string_view, 18> names = {
      "fbclid", "gclid",  "gclsrc", "dclid",   "gbraid",  "wbraid", "msclkid", "yclid",   "twclid",
      "igshid", "mc_cid", "mc_eid", "ref_src", "ref_url", "_ga",    "_gl",     "vero_id", "spm"};
  const std::string name = text::fold(parameter.substr(0, parameter.find('=')));
  return starts_with(name, "utm_") || std::find(names.begin(), names.end(), name) != names.end();
}

std::string clean_query(std::string_view query) {
  std::vector<std::string_view> parameters;
  for (const auto parameter : text::split(query, '&')) {
    if (!parameter.empty() && !is_tracking(parameter)) parameters.push_back(parameter);
  }
  std::stable_sort(parameters.begin(), parameters.end());
  std::string out;
  for (const auto parameter : parameters) {
    if (!out.empty()) out += '&';
    out += parameter;
  }
  return out;
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

/// RFC 3986, 6.2.2: %7e is "~", and hex digits are upper case.
std::string normalize_escapes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%' || i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) {
      out += text[i];
      continue;
    }
    const char decoded = static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
    if (is_unreserved(decoded)) {
      out += decoded;
    } else {
      for (const char c : text.substr(i, 3)) out += c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c;
    }
    i += 2;
  }
  return out;
}

}  // namespace

std::string canonical_url(const std::string& url) {
  const std::string text(text::trim(url));
  if (!is_http(text)) return starts_with(text, "file:") ? normalize_escapes(text) : text;
  const Url parsed = parse(text);
  if (parsed == nullptr) return text;

  const std::string port = part(parsed, CURLUPART_PORT);
  const bool default_port = port == (part(parsed, CURLUPART_SCHEME) == "http" ? "80" : "443");
  if (default_port) set(parsed, CURLUPART_PORT, "");
  set(parsed, CURLUPART_SCHEME, "https");
  std::string host = text::fold(part(parsed, CURLUPART_HOST));
  if (starts_with(host, "www.") && host.find('.', 4) != std::string::npos) host.erase(0, 4);
  set(parsed, CURLUPART_HOST, host);
  set(parsed, CURLUPART_USER, "");
  set(parsed, CURLUPART_PASSWORD, "");
  set(parsed, CURLUPART_FRAGMENT, "");
  set(parsed, CURLUPART_QUERY, clean_query(part(parsed, CURLUPART_QUERY)));
  std::string path = part(parsed, CURLUPART_PATH);
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  set(parsed, CURLUPART_PATH, path);

  std::string out = part(parsed, CURLUPART_URL);
  // libcurl writes the path "/" of a bare host; canonically it has none.
  if (path == "/" && part(parsed, CURLUPART_QUERY).empty() && !out.empty() && out.back() == '/') out.pop_back();
  return out.empty() ? text : normalize_escapes(out);  // libcurl writes escapes in lower case
}

std::string resolve_url(const std::string& base, std::string_view link) {
  std::string trimmed(text::trim(link));
  if (!is_http(base)) return trimmed;
  const Url parsed = parse(base);
  if (parsed == nullptr) return trimmed;
  // A scheme other than http(s) ("mailto:", "tel:") is complete as it stands.
  const std::size_t colon = trimmed.find_first_of(":/?#");
  if (colon != std::string::npos && trimmed[colon] == ':' && !is_http(trimmed)) return trimmed;
  if (curl_url_set(parsed.get(), CURLUPART_URL, trimmed.c_str(), parse_flags) != CURLUE_OK) return trimmed;
  std::string out = part(parsed, CURLUPART_URL);
  return out.empty() ? trimmed : out;
}

std::string percent_encode_path(std::string_view path) {
  static constexpr std::string_view allowed = "/!$&'()*+,;=:@";
  static constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : path) {
    if (is_unreserved(c) || allowed.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += hex[byte >> 4];
      out += hex[byte & 15];
    }
  }
  return out;
}

std::string file_url(std::string_view absolute_path) {
  return "file://" + percent_encode_path(absolute_path);
}

}  // namespace twin::feature
