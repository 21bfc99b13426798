#include "core/http/url.h"

#include <curl/curl.h>

#include <memory>
#include <new>

#include "core/text/ascii.h"

namespace twin {
namespace {

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, UrlDeleter>;

std::string part(const Url& url, CURLUPart which, unsigned int flags = 0) {
  char* value = nullptr;
  if (curl_url_get(url.get(), which, &value, flags) != CURLUE_OK || value == nullptr) return {};
  std::string out(value);
  curl_free(value);
  return out;
}

bool set(const Url& url, const std::string& text) {
  return curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_URLENCODE) == CURLUE_OK;
}

/// libcurl takes "example.org/x" for http://example.org/x.
bool has_scheme(std::string_view text) {
  return text.find("://") != std::string_view::npos;
}

std::optional<WebAddress> parts_of(const Url& url) {
  WebAddress out;
  out.scheme = part(url, CURLUPART_SCHEME);
  if (out.scheme != "http" && out.scheme != "https") return std::nullopt;
  out.host = text::ascii_lower(part(url, CURLUPART_HOST));
  if (out.host.empty()) return std::nullopt;
  out.port = part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  out.target = part(url, CURLUPART_PATH);
  if (out.target.empty()) out.target = "/";
  const std::string query = part(url, CURLUPART_QUERY);
  if (!query.empty()) out.target += "?" + query;
  out.url = out.origin() + out.target;
  return out;
}

}  // namespace

std::string WebAddress::authority() const {
  const bool usual = port == (scheme == "http" ? "80" : "443");
  return usual ? host : host + ":" + port;
}

std::optional<WebAddress> parse_web_address(const std::string& url) {
  if (!has_scheme(url) || url.find('\0') != std::string::npos) return std::nullopt;
  const Url parsed(curl_url());
  if (parsed == nullptr) throw std::bad_alloc();
  if (!set(parsed, url)) return std::nullopt;
  return parts_of(parsed);
}

std::optional<WebAddress> parse_web_reference(const std::string& base, const std::string& reference) {
  if (!has_scheme(base) || reference.find('\0') != std::string::npos) return std::nullopt;
  const Url parsed(curl_url());
  if (parsed == nullptr) throw std::bad_alloc();
  if (!set(parsed, base) || !set(parsed, reference)) return std::nullopt;
  return parts_of(parsed);
}

std::string shown_url(const std::string& url) {
  const std::size_t start = url.find("://");
  if (start == std::string::npos) return url;
  const std::size_t end = url.find_first_of("/?#", start + 3);
  const std::size_t at = url.substr(0, end).rfind('@');
  return at == std::string::npos || at < start ? url : url.substr(0, start + 3) + url.substr(at + 1);
}

}  // namespace twin
