#include "feature/collect/host_name.h"

#include <idn2.h>
#include <libpsl.h>

#include <algorithm>

#include "core/text/ascii.h"
#include "core/text/unicode.h"

namespace twin::feature {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// IPv6 in brackets, or only digits and dots.
bool is_address(std::string_view host) {
  return host.starts_with('[') ||
         std::all_of(host.begin(), host.end(), [](char c) { return c == '.' || text::is_ascii_digit(c); });
}

std::string take(char* text) {
  std::string out(text);
  idn2_free(text);
  return out;
}

}  // namespace

std::string ascii_host(std::string_view host) {
  while (host.ends_with('.')) host.remove_suffix(1);
  std::string folded = text::fold(host);
  if (is_ascii(folded)) return folded;
  char* ascii = nullptr;
  const int code = idn2_to_ascii_8z(folded.c_str(), &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  return code == IDN2_OK ? take(ascii) : folded;
}

std::string unicode_host(std::string_view host) {
  std::string out;
  for (const auto label : text::split(host, '.')) {
    char* unicode = nullptr;
    const bool coded = label.starts_with("xn--") &&
                       idn2_to_unicode_8z8z(std::string(label).c_str(), &unicode, IDN2_NONTRANSITIONAL) == IDN2_OK;
    if (!out.empty()) out += '.';
    out += coded ? take(unicode) : std::string(label);
  }
  return out;
}

bool is_public_suffix(const std::string& host) {
  return psl_is_public_suffix(psl_builtin(), host.c_str()) != 0;
}

bool has_icann_suffix(const std::string& host) {
  if (is_address(host)) return false;
  constexpr int type = PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE;
  const std::size_t dot = host.rfind('.');
  return dot != std::string::npos && dot > 0 && psl_is_public_suffix2(psl_builtin(), host.c_str() + dot + 1, type) != 0;
}

std::string site_of(const std::string& host) {
  if (is_address(host)) return host;
  const char* site = psl_registrable_domain(psl_builtin(), host.c_str());
  return site == nullptr ? host : site;
}

bool is_below(std::string_view host, std::string_view domain) {
  if (!host.ends_with(domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

}  // namespace twin::feature
