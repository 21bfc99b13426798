#include "feature/sources/web/address.h"

#include "core/text/ascii.h"
#include "core/text/unicode.h"

namespace twin::feature::web {
namespace {}  // namespace

std::string percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? text::hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? text::hex_value(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string query_encode(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = text::is_ascii_alnum(c) || std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

std::vector<std::string> Address::parts() const {
  std::vector<std::string> out;
  for (const auto part : text::split(path, '/')) {
    if (!part.empty()) out.push_back(percent_decode(part));
  }
  return out;
}

std::string Address::parameter(std::string_view name) const {
  for (const auto field : text::split(query, '&')) {
    const std::size_t equals = field.find('=');
    if (field.substr(0, equals) != name) continue;
    return equals == std::string_view::npos ? std::string() : percent_decode(field.substr(equals + 1), true);
  }
  return {};
}

std::string Address::label_below(std::string_view domain) const {
  if (host.size() <= domain.size() + 1 || !host.ends_with(domain)) return {};
  const std::size_t dot = host.size() - domain.size() - 1;
  if (host[dot] != '.') return {};
  const std::string label = host.substr(0, dot);
  return label.find('.') == std::string::npos ? label : std::string();
}

std::optional<Address> parse_address(const std::string& given) {
  const std::string_view all = text::trim(given);
  const std::size_t colon = all.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  Address out;
  out.scheme = text::ascii_lower(all.substr(0, colon));
  if (out.scheme != "http" && out.scheme != "https") return std::nullopt;
  std::string_view rest = all.substr(colon + 3);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t end = rest.find_first_of("/?");
  std::string_view authority = rest.substr(0, end);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  const std::size_t bracket = authority.rfind(']');
  const std::size_t port = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::string host = text::ascii_lower(authority.substr(0, port));
  if (port != std::string_view::npos) out.port = authority.substr(port);
  if (host.empty() || host.find_first_of(" \t\r\n\"<>") != std::string::npos) return std::nullopt;
  out.origin = out.scheme + "://" + host + out.port;
  if (host.starts_with("www.") && host.find('.', 4) != std::string::npos) host.erase(0, 4);
  out.host = std::move(host);
  std::string_view tail = end == std::string_view::npos ? std::string_view() : rest.substr(end);
  const std::size_t question = tail.find('?');
  out.path = tail.substr(0, question);
  if (question != std::string_view::npos) out.query = tail.substr(question + 1);
  if (out.path.empty()) out.path = "/";
  return out;
}

}  // namespace twin::feature::web
