// E-mail addresses, and passwords inside URLs.
#include <algorithm>
#include <array>

#include "core/text/ascii.h"
#include "feature/privacy/pii_scanners.h"

namespace twin::feature {
namespace {

constexpr std::size_t kLongestLocal = 64, kLongestDomain = 253;  // RFC 5321, 4.5.3.1
constexpr std::size_t kLongestUserinfo = 256;

bool is_local_part(char c) {
  return text::is_ascii_alnum(c) || std::string_view("._%+-'").find(c) != std::string_view::npos;
}
bool is_domain_part(char c) {
  return text::is_ascii_alnum(c) || c == '.' || c == '-';
}

/// "icon@2x.png" names a file, "getty@tty1.service" a unit of systemd.
bool names_a_file(std::string_view last_label) {
  constexpr std::array<std::string_view, 17> endings = {"png",     "jpg",    "jpeg",  "gif",    "svg",  "webp",
                                                        "css",     "js",     "ts",    "md",     "json", "html",
                                                        "service", "socket", "timer", "target", "mount"};
  return std::find(endings.begin(), endings.end(), text::ascii_lower(last_label)) != endings.end();
}

/// The end of a domain name that begins at `at`: labels with a top-level domain of letters; `at` when there is none.
std::size_t domain_end(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_domain_part(text[end]) && end - at < kLongestDomain) ++end;
  while (end > at && (text[end - 1] == '.' || text[end - 1] == '-')) --end;
  const std::string_view domain = text.substr(at, end - at);
  const std::size_t dot = domain.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || domain.find("..") != std::string_view::npos) return at;
  const std::string_view last = domain.substr(dot + 1);
  if (last.size() < 2 || !std::all_of(last.begin(), last.end(), text::is_ascii_letter) || names_a_file(last)) return at;
  return end;
}

void email_at(std::string_view text, std::size_t sign, std::vector<PiiFinding>& out) {
  std::size_t start = sign;
  while (start > 0 && is_local_part(text[start - 1]) && sign - start < kLongestLocal) --start;
  while (start < sign && !text::is_ascii_alnum(text[start]) && text[start] != '_') ++start;
  if (start == sign || text[sign - 1] == '.') return;
  const std::size_t end = domain_end(text, sign + 1);
  if (end == sign + 1) return;
  // user@host:path is a place to copy to, as in git@host:repository.
  if (end + 1 < text.size() && text[end] == ':' &&
      (text::is_ascii_alnum(text[end + 1]) || text[end + 1] == '/' || text[end + 1] == '~')) {
    return;
  }
  out.push_back({{start, end}, PiiKind::email});
}

/// Of the URL whose "://" is at `at`.
void url_password(std::string_view text, std::size_t at, std::vector<PiiFinding>& out) {
  std::size_t colon = std::string_view::npos;
  const std::size_t from = at + 3;
  for (std::size_t i = from; i < text.size() && i - from < kLongestUserinfo; ++i) {
    const char c = text[i];
    if (c == '@') {
      if (colon != std::string_view::npos && colon + 1 < i) out.push_back({{colon + 1, i}, PiiKind::password});
      return;
    }
    if (c == ':' && colon == std::string_view::npos) colon = i;
    if (static_cast<unsigned char>(c) <= ' ' || std::string_view("/?#\"'<>`").find(c) != std::string_view::npos) return;
  }
}

}  // namespace

void find_addresses(std::string_view text, std::vector<PiiFinding>& out) {
  const std::size_t before = out.size();
  for (std::size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
    email_at(text, at, out);
  }
  if (text.find('@') == std::string_view::npos) return;
  const std::size_t emails = out.size();
  for (std::size_t at = text.find("://"); at != std::string_view::npos; at = text.find("://", at + 3)) {
    url_password(text, at, out);
  }
  // "password@host" of such a URL is no address.
  for (std::size_t p = emails; p < out.size(); ++p) {
    const std::size_t sign = out[p].span.end;
    for (std::size_t e = before; e < emails; ++e) {
      if (out[e].span.start < sign && sign < out[e].span.end) out[e].span = {sign, sign};
    }
  }
  std::erase_if(out, [](const PiiFinding& finding) { return finding.span.start == finding.span.end; });
}

}  // namespace twin::feature
