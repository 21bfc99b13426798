#include "feature/collect/canonical_url.h"

#include <curl/curl.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "feature/collect/host_name.h"
#include "feature/collect/media_type.h"
#include "feature/collect/url_rules.h"

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

std::string part(const Url& url, CURLUPart which) {
  char* value = nullptr;
  if (curl_url_get(url.get(), which, &value, 0) != CURLUE_OK || value == nullptr) return {};
  std::string out(value);
  curl_free(value);
  return out;
}

bool is_http(std::string_view url) {
  const std::size_t colon = url.find(':');
  if (colon == std::string_view::npos || url.substr(colon, 3) != "://") return false;
  const auto scheme = text::fold(url.substr(0, colon));
  return scheme == "http" || scheme == "https";
}

bool is_unreserved(char c) {
  return text::is_ascii_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

void append_escape(std::string& out, char byte) {
  static constexpr std::string_view hex = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(byte);
  out += '%';
  out += hex[value >> 4];
  out += hex[value & 15];
}

/// RFC 3986, 6.2.2: "%7e" is "~", hex digits are upper case; a byte of `plain` stands for itself, whatever may not
/// stand in a URL (and what is not ASCII) is escaped.
std::string normalize_escapes(std::string_view text, std::string_view plain = {}) {
  static constexpr std::string_view never = " \"<>\\^`{|}";
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%' && i + 2 < text.size() && text::is_ascii_hex(text[i + 1]) && text::is_ascii_hex(text[i + 2])) {
      const auto decoded = static_cast<char>(text::hex_value(text[i + 1]) * 16 + text::hex_value(text[i + 2]));
      if (is_unreserved(decoded) || (decoded != '\0' && plain.find(decoded) != std::string_view::npos)) {
        out += decoded;
      } else {
        append_escape(out, decoded);
      }
      i += 2;
    } else if (static_cast<unsigned char>(c) >= 0x80 || static_cast<unsigned char>(c) < 0x20 || c == 0x7F ||
               c == '%' ||  // that is no escape: what follows may become one ("%4%42")
               never.find(c) != std::string_view::npos) {
      append_escape(out, c);
    } else {
      out += c;
    }
  }
  return out;
}

/// RFC 3986, 5.2.4, for a path that begins with "/".
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  bool folder = false;  // whether the last segment leaves a "/" at the end
  for (const auto segment : text::split(path.substr(1), '/')) {
    folder = segment == "." || segment == "..";
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (!folder) kept.push_back(segment);
  }
  std::string out;
  for (const auto segment : kept) out.append("/").append(segment);
  return folder || out.empty() ? out + "/" : out;
}

/// The index file of a folder is the folder. With parameters it may be a program that shows pages by them.
void drop_index(UrlParts& url) {
  static constexpr std::string_view files[] = {"index.html",   "index.htm",   "index.xhtml", "index.php",
                                               "index.asp",    "index.aspx",  "index.jsp",   "default.asp",
                                               "default.aspx", "default.htm", "index.md",    "index.shtml"};
  if (!url.parameters.empty()) return;
  for (;;) {
    while (url.path.size() > 1 && url.path.ends_with('/')) url.path.pop_back();
    const std::size_t slash = url.path.rfind('/');
    const std::string file = text::fold(url.path.substr(slash + 1));
    if (std::find(std::begin(files), std::end(files), file) == std::end(files)) return;
    url.path.resize(slash + 1);
  }
}

/// "#!/topic" and "#/route" choose what a page shows; anything else is a place in it.
std::string kept_fragment(std::string_view fragment) {
  if (!fragment.starts_with('!') && !fragment.starts_with('/')) return {};
  fragment = fragment.substr(0, fragment.find(":~:"));  // text to be highlighted
  return fragment.size() > 1 ? normalize_escapes(fragment) : std::string();
}

void clean_parameters(UrlParts& url, std::string_view query) {
  for (const auto parameter : text::split(query, '&')) {
    if (!parameter.empty() && !is_tracking(parameter)) url.parameters.push_back(normalize_escapes(parameter));
  }
}

void order_parameters(UrlParts& url) {
  const auto name = [](const std::string& parameter) {
    return std::string_view(parameter).substr(0, parameter.find('='));
  };
  std::stable_sort(url.parameters.begin(), url.parameters.end(),
                   [&](const std::string& a, const std::string& b) { return name(a) < name(b); });
}

std::string written(const UrlParts& url, const std::string& scheme) {
  std::string out = scheme + "://" + url.host;
  if (!url.port.empty()) out += ":" + url.port;
  std::string_view path = url.path;
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty() && !(url.parameters.empty() && url.fragment.empty())) path = "/";
  out += path;
  for (std::size_t i = 0; i < url.parameters.size(); ++i) out.append(i == 0 ? "?" : "&").append(url.parameters[i]);
  if (!url.fragment.empty()) out += "#" + url.fragment;
  return out;
}

/// Path and query of a canonical URL.
struct Place {
  std::string host;
  std::string path;
  bool query = false;
};

Place place_of(const std::string& canonical) {
  const std::size_t scheme = canonical.find("://");
  if (scheme == std::string::npos) return {};
  const std::size_t from = scheme + 3;
  const std::size_t slash = std::min(canonical.find_first_of("/?#", from), canonical.size());
  const std::size_t query = canonical.find('?', slash);
  const std::size_t end = std::min(canonical.find_first_of("?#", slash), canonical.size());
  return {canonical.substr(from, slash - from), canonical.substr(slash, end - slash), query != std::string::npos};
}

bool is_script(const std::string& path) {
  for (const std::string_view end : {".php", ".asp", ".aspx", ".jsp", ".do", ".cgi", ".nhn", ".naver", ".pl"}) {
    if (path.ends_with(end)) return true;
  }
  return false;
}

std::string canonical_step(const std::string& url) {
  std::string text(text::trim(url));
  if (!is_http(text)) return text.starts_with("file:") ? normalize_escapes(text) : text;
  std::erase_if(text, [](char c) { return c == '\t' || c == '\n' || c == '\r'; });
  for (std::size_t nul = 0; (nul = text.find('\0', nul)) != std::string::npos;) text.replace(nul, 1, "%00");
  const Url parsed = parse(text);
  if (parsed == nullptr) return text;

  UrlParts parts;
  std::string scheme = part(parsed, CURLUPART_SCHEME);
  parts.host = ascii_host(part(parsed, CURLUPART_HOST));
  if (parts.host.empty()) return text;  // "http://../": no host is left
  parts.port = part(parsed, CURLUPART_PORT);
  if (parts.port == (scheme == "http" ? "80" : "443")) parts.port.clear();
  if (parts.port.empty()) scheme = "https";
  parts.path = part(parsed, CURLUPART_PATH);
  if (!parts.path.starts_with('/')) parts.path.insert(0, "/");
  std::replace(parts.path.begin(), parts.path.end(), '\\', '/');
  parts.path = without_dots(without_session(normalize_escapes(parts.path, "@:!'()*,")));
  parts.fragment = kept_fragment(part(parsed, CURLUPART_FRAGMENT));
  clean_parameters(parts, part(parsed, CURLUPART_QUERY));
  drop_index(parts);
  to_common_host(parts);
  apply_host_rules(parts);
  order_parameters(parts);
  return written(parts, scheme);
}

}  // namespace

std::string canonical_url(const std::string& url) {
  // What one step makes may ask for another: "0127.1." is a name, without its last full stop an address; the page in an
  // AMP cache has an address of its own. Real addresses need one step.
  constexpr int most_steps = 8;
  std::string text = canonical_step(url);
  for (int step = 1; step < most_steps; ++step) {
    std::string next = canonical_step(text);
    if (next == text) break;
    text = std::move(next);
  }
  return text;
}

bool is_web(std::string_view url) {
  return url.starts_with("https://") || url.starts_with("http://");
}

std::string page_url(const std::string& fetched, const std::string& declared) {
  std::string own = canonical_url(fetched);
  const std::string_view trimmed = text::trim(declared);
  if (trimmed.empty() || !is_http(own)) return own;
  std::string said = canonical_url(resolve_url(fetched, trimmed));
  if (!is_http(said) || said == own) return own;
  const Place here = place_of(own), there = place_of(said);
  const bool home = there.path.empty() && !there.query;
  const std::string site = site_of(here.host);
  const bool same_site = site == site_of(there.host) && (!has_tenants(site) || here.host == there.host);
  const bool lost_query = here.query && !there.query && is_script(there.path);
  return same_site && !home && !lost_query ? said : own;
}

std::string readable_url(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const std::size_t from = scheme + 3;
  const std::size_t slash = std::min(url.find_first_of("/?#", from), url.size());
  std::string out = url.substr(0, from) + unicode_host(std::string_view(url).substr(from, slash - from));
  for (std::size_t i = slash; i < url.size();) {
    std::string bytes;
    std::size_t at = i;
    while (at + 2 < url.size() && url[at] == '%' && text::is_ascii_hex(url[at + 1]) &&
           text::is_ascii_hex(url[at + 2]) && text::hex_value(url[at + 1]) >= 8) {
      bytes += static_cast<char>(text::hex_value(url[at + 1]) * 16 + text::hex_value(url[at + 2]));
      at += 3;
    }
    if (bytes.empty() || text::first_invalid_utf8(bytes) != std::string::npos) {
      const std::size_t end = bytes.empty() ? i + 1 : at;
      out.append(url, i, end - i);
      i = end;
    } else {
      out += bytes;
      i = at;
    }
  }
  return out;
}

std::string address_of(const std::string& location) {
  const std::string text(text::trim(location));
  if (text.empty() || text.find("://") != std::string::npos || text.find_first_of(" \\@:~./") == 0) return location;
  const std::size_t end = std::min(text.find_first_of("/?#:"), text.size());
  const std::string host = ascii_host(std::string_view(text).substr(0, end));
  std::error_code error;
  if (host.find('@') != std::string::npos || !has_icann_suffix(host) || std::filesystem::exists(text, error)) {
    return location;
  }
  // "git:…" and "C:\…" are no hosts with a port; "notes.md" is a file that is not there rather than a host in Moldova.
  const bool port = end + 1 < text.size() && text[end] == ':' && text::is_ascii_digit(text[end + 1]);
  if (end < text.size() && text[end] == ':' && !port) return location;
  if (end == text.size() && !media_type_of(text).empty()) return location;
  return "https://" + text;
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
  std::string out;
  for (const char c : path) {
    if (is_unreserved(c) || allowed.find(c) != std::string_view::npos) {
      out += c;
    } else {
      append_escape(out, c);
    }
  }
  return out;
}

std::string file_url(std::string_view absolute_path) {
  return "file://" + percent_encode_path(absolute_path);
}

std::optional<std::string> path_of_file_url(std::string_view url) {
  constexpr std::string_view prefix = "file:///";
  if (!url.starts_with(prefix)) return std::nullopt;
  url.remove_prefix(prefix.size() - 1);
  std::string path;
  for (std::size_t i = 0; i < url.size(); ++i) {
    if (url[i] == '%' && i + 2 < url.size() && text::is_ascii_hex(url[i + 1]) && text::is_ascii_hex(url[i + 2])) {
      path += static_cast<char>(text::hex_value(url[i + 1]) * 16 + text::hex_value(url[i + 2]));
      i += 2;
    } else {
      path += url[i];
    }
  }
  return path;
}

}  // namespace twin::feature
