#include "feature/collect/robots.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/text/ascii.h"
#include "core/text/unicode.h"

namespace twin::feature {
namespace {

/// Longer lines are cut, as Google's parser does.
constexpr std::size_t max_line = 2083 * 8;

bool is_token(char c) {
  return text::is_ascii_letter(c) || c == '-' || c == '_';
}

void append_encoded(std::string& out, char c) {
  static constexpr std::string_view hex = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += hex[byte >> 4];
  out += hex[byte & 15];
}

bool is_unreserved(char c) {
  return text::is_ascii_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/// Octets outside ASCII encoded, hex digits in upper case; with `decode` what need not be encoded is decoded.
std::string encode(std::string_view text, bool decode) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && text::hex_value(text[i + 1]) >= 0 && text::hex_value(text[i + 2]) >= 0;
    if (escape) {
      const char c = static_cast<char>(text::hex_value(text[i + 1]) * 16 + text::hex_value(text[i + 2]));
      if (decode && is_unreserved(c)) {
        out += c;
      } else {
        append_encoded(out, c);
      }
      i += 2;
    } else if (static_cast<unsigned char>(text[i]) >= 0x80) {
      append_encoded(out, text[i]);
    } else {
      out += text[i];
    }
  }
  return out;
}

struct Line {
  std::string key;  ///< lower case
  std::string_view value;
};

/// "key: value  # comment", or "key value" when there is no colon and nothing more.
std::optional<Line> read_line(std::string_view line) {
  line = text::trim(line.substr(0, line.find('#')));
  std::size_t separator = line.find(':');
  if (separator == std::string_view::npos) {
    separator = line.find_first_of(" \t");
    if (separator == std::string_view::npos) return std::nullopt;
    const auto value = text::trim(line.substr(separator));
    if (value.find_first_of(" \t") != std::string_view::npos) return std::nullopt;
  }
  Line out;
  out.key = text::ascii_lower(text::trim(line.substr(0, separator)));
  out.value = text::trim(line.substr(separator + 1));
  if (out.key.empty()) return std::nullopt;
  return out;
}

enum class Key { user_agent, allow, disallow, crawl_delay, sitemap, other };

Key key_of(const std::string& name) {
  const auto starts = [&](std::initializer_list<std::string_view> spellings) {
    return std::any_of(spellings.begin(), spellings.end(), [&](std::string_view s) { return name.starts_with(s); });
  };
  if (starts({"user-agent", "useragent", "user agent"})) return Key::user_agent;
  if (starts({"disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"})) return Key::disallow;
  if (starts({"allow"})) return Key::allow;
  if (starts({"sitemap", "site-map"})) return Key::sitemap;
  if (starts({"crawl-delay", "crawldelay"})) return Key::crawl_delay;
  return Key::other;
}

enum class Named { nobody, everybody, us };

Named named_by(std::string_view value, std::string_view agent) {
  if (value.starts_with('*') && (value.size() == 1 || value[1] == ' ' || value[1] == '\t')) return Named::everybody;
  const std::string_view token = product_token(value);
  if (token.empty() || text::ascii_lower(token) != text::ascii_lower(agent)) return Named::nobody;
  return Named::us;
}

/// The next line, whatever ends it.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find_first_of("\r\n");
  const std::string_view line = text.substr(0, end);
  const bool pair = end != std::string_view::npos && text.substr(end, 2) == "\r\n";
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + (pair ? 2 : 1));
  return line.substr(0, max_line);
}

}  // namespace

std::string_view product_token(std::string_view user_agent) {
  const auto end = std::find_if_not(user_agent.begin(), user_agent.end(), is_token);
  return user_agent.substr(0, static_cast<std::size_t>(end - user_agent.begin()));
}

Robots::Pattern Robots::pattern_of(std::string_view text) {
  Pattern out;
  out.at_end = text.ends_with('$');
  if (out.at_end) text.remove_suffix(1);
  for (const auto part : text::split(text, '*')) out.parts.emplace_back(part);
  return out;
}

bool Robots::Pattern::matches(std::string_view target) const {
  if (!target.starts_with(parts.front())) return false;
  // Taking each part at its first place leaves the most room for those after it.
  std::size_t at = parts.front().size();
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    if (last && at_end) return target.size() - at >= parts[i].size() && target.ends_with(parts[i]);
    at = target.find(parts[i], at);
    if (at == std::string_view::npos) return false;
    at += parts[i].size();
  }
  return !at_end || at == target.size();
}

void Robots::add_rule(bool allow, std::string_view value) {
  if (value.empty()) return;  // "Disallow:" forbids nothing
  Rule rule;
  const std::string plain = encode(value, false);
  rule.plain = pattern_of(plain);
  rule.normalized = pattern_of(encode(value, true));
  rule.length = plain.size();
  rule.allow = allow;
  rules_.push_back(std::move(rule));
  const std::size_t slash = value.rfind('/');
  if (allow && slash != std::string_view::npos && value.substr(slash).starts_with("/index.htm")) {
    add_rule(true, std::string(value.substr(0, slash + 1)) + "$");
  }
}

Robots Robots::parse(std::string_view text, std::string_view agent) {
  text = text.substr(0, max_bytes);
  for (const char c : std::string_view("\xEF\xBB\xBF")) {
    if (!text.starts_with(c)) break;
    text.remove_prefix(1);
  }
  Robots everybody, us;
  bool seen_us = false;
  bool in_rules = false;  // the group's names are complete
  bool for_everybody = false, for_us = false;
  const auto each_group = [&](const auto& function) {
    if (for_us) function(us);
    if (for_everybody) function(everybody);
  };
  std::vector<std::string> sitemaps;
  while (!text.empty()) {
    const auto line = read_line(take_line(text));
    if (!line) continue;
    switch (key_of(line->key)) {
      case Key::user_agent: {
        if (in_rules) in_rules = for_us = for_everybody = false;
        const Named named = named_by(line->value, agent);
        for_everybody = for_everybody || named == Named::everybody;
        for_us = for_us || named == Named::us;
        seen_us = seen_us || named == Named::us;
        break;
      }
      case Key::allow:
      case Key::disallow: {
        in_rules = true;
        const bool allow = key_of(line->key) == Key::allow;
        each_group([&](Robots& group) { group.add_rule(allow, line->value); });
        break;
      }
      case Key::crawl_delay: {
        double seconds = 0;
        const auto [end, error] = std::from_chars(line->value.data(), line->value.data() + line->value.size(), seconds);
        if (error != std::errc() || !std::isfinite(seconds) || seconds < 0) break;
        each_group([&](Robots& group) { group.crawl_delay_ = std::max(group.crawl_delay_.value_or(0), seconds); });
        break;
      }
      case Key::sitemap:
        if (!line->value.empty()) sitemaps.emplace_back(line->value);
        break;
      case Key::other:
        break;
    }
  }
  Robots out = seen_us ? std::move(us) : std::move(everybody);
  out.sitemaps_ = std::move(sitemaps);
  return out;
}

bool Robots::allows(std::string_view target) const {
  target = target.substr(0, target.find('#'));
  if (target == "/robots.txt") return true;
  const std::string plain = encode(target, false), normalized = encode(target, true);
  std::size_t allow = 0, disallow = 0;  // lengths of the longest matching patterns
  for (const Rule& rule : rules_) {
    std::size_t& longest = rule.allow ? allow : disallow;
    if (rule.length <= longest) continue;
    if (rule.plain.matches(plain) || (!rule.allow && rule.normalized.matches(normalized))) longest = rule.length;
  }
  return allow >= disallow;
}

}  // namespace twin::feature
