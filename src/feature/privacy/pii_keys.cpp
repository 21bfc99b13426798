// Keys and tokens: by the prefixes that services give them, or because no word looks like that.
#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "core/text/ascii.h"
#include "feature/privacy/pii_scanners.h"

namespace twin::feature {
namespace {

constexpr std::size_t kKeyCueReach = 40;       // bytes before a token
constexpr std::size_t kShortestNamedKey = 16;  // behind "key=" and the like
constexpr std::size_t kShortestBareKey = 32;
constexpr std::size_t kLongestPem = 16 << 10;

enum class Body { alnum, upper, base64url };

struct KeyForm {
  std::string_view prefix;
  Body body = Body::alnum;
  std::size_t least = 0;  ///< characters behind the prefix
};

/// As their makers document them.
constexpr KeyForm kKeyForms[] = {
    {"AKIA", Body::upper, 16},       {"ASIA", Body::upper, 16},
    {"ghp_", Body::alnum, 36},       {"gho_", Body::alnum, 36},
    {"ghu_", Body::alnum, 36},       {"ghs_", Body::alnum, 36},
    {"ghr_", Body::alnum, 36},       {"github_pat_", Body::base64url, 40},
    {"glpat-", Body::base64url, 20}, {"xoxa-", Body::base64url, 20},
    {"xoxb-", Body::base64url, 20},  {"xoxp-", Body::base64url, 20},
    {"xoxr-", Body::base64url, 20},  {"xoxs-", Body::base64url, 20},
    {"xapp-", Body::base64url, 20},  {"sk-", Body::base64url, 20},
    {"sk_live_", Body::alnum, 16},   {"sk_test_", Body::alnum, 16},
    {"rk_live_", Body::alnum, 16},   {"pk_live_", Body::alnum, 16},
    {"whsec_", Body::alnum, 24},     {"AIza", Body::base64url, 35},
    {"ya29.", Body::base64url, 30},  {"GOCSPX-", Body::base64url, 24},
    {"hf_", Body::alnum, 30},        {"npm_", Body::alnum, 36},
    {"pypi-", Body::base64url, 50},  {"SG.", Body::base64url, 22},
    {"dop_v1_", Body::alnum, 64},    {"secret_", Body::alnum, 40},
    {"ntn_", Body::alnum, 40},       {"lin_api_", Body::alnum, 32},
    {"figd_", Body::base64url, 32},  {"dckr_pat_", Body::base64url, 24},
    {"shpat_", Body::alnum, 32},     {"r8_", Body::alnum, 36},
    {"gsk_", Body::alnum, 40},       {"xai-", Body::alnum, 40},
    {"tvly-", Body::base64url, 24},
};

bool is_body(char c, Body body) {
  switch (body) {
    case Body::alnum:
      return text::is_ascii_alnum(c);
    case Body::upper:
      return text::is_ascii_upper(c) || text::is_ascii_digit(c);
    case Body::base64url:
      return text::is_ascii_alnum(c) || c == '_' || c == '-';
  }
  return false;
}

std::size_t body_end(std::string_view text, std::size_t at, Body body) {
  while (at < text.size() && is_body(text[at], body)) ++at;
  return at;
}

/// "sk-learn-something-long" is a name: a key has digits, and letters of both cases or no words between hyphens.
bool looks_random(std::string_view body) {
  const bool digit = std::any_of(body.begin(), body.end(), text::is_ascii_digit);
  const bool letter = std::any_of(body.begin(), body.end(), text::is_ascii_letter);
  return digit && letter;
}

/// The end of a key with a known prefix at `at`; `at` when there is none.
std::size_t known_key_end(std::string_view text, std::size_t at) {
  for (const KeyForm& form : kKeyForms) {
    if (text[at] != form.prefix[0] || !text.substr(at).starts_with(form.prefix)) continue;
    const std::size_t from = at + form.prefix.size();
    std::size_t end = body_end(text, from, form.body);
    if (end - from < form.least || !looks_random(text.substr(from, end - from))) continue;
    // SendGrid's and Google's have parts joined by dots.
    while (form.prefix.ends_with('.') && end + 1 < text.size() && text[end] == '.' &&
           is_body(text[end + 1], form.body)) {
      end = body_end(text, end + 1, form.body);
    }
    while (end > from && (text[end - 1] == '-' || text[end - 1] == '_')) --end;
    return end;
  }
  return at;
}

/// header.payload.signature, each in base64url; the first two are JSON objects (RFC 7519).
std::size_t web_token_end(std::string_view text, std::size_t at) {
  if (!text.substr(at).starts_with("eyJ")) return at;
  const std::size_t header = body_end(text, at, Body::base64url);
  if (header - at < 10 || !text.substr(header).starts_with(".eyJ")) return at;
  const std::size_t payload = body_end(text, header + 1, Body::base64url);
  if (payload >= text.size() || text[payload] != '.') return payload;
  return body_end(text, payload + 1, Body::base64url);
}

/// Shannon entropy in bits a character.
double entropy_of(std::string_view token) {
  std::array<int, 256> counts{};
  for (const char c : token) ++counts[static_cast<unsigned char>(c)];
  double bits = 0;
  for (const int count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(token.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

struct TokenMakeup {
  bool upper = false, lower = false, digit = false, hexadecimal = true;
  double changes = 0;  ///< share of neighbours of different kinds: .62 in random base62, below .4 in joined words
};
TokenMakeup makeup_of(std::string_view token) {
  TokenMakeup out;
  int last = -1, changes = 0;
  for (const char c : token) {
    const int kind = text::is_ascii_digit(c) ? 0 : text::is_ascii_lower(c) ? 1 : text::is_ascii_upper(c) ? 2 : 3;
    out.digit |= kind == 0;
    out.lower |= kind == 1;
    out.upper |= kind == 2;
    out.hexadecimal &= kind == 0 || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    changes += last >= 0 && kind != last ? 1 : 0;
    last = kind;
  }
  out.changes = static_cast<double>(changes) / static_cast<double>(std::max<std::size_t>(token.size() - 1, 1));
  return out;
}

/// Whether the words before say that a key follows: `api_key = "`, `Authorization: Bearer `, "토큰: ".
bool key_announced(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '"' || text[end - 1] == '\'' || text[end - 1] == '`'))
    --end;
  const std::string_view before = text.substr(0, end);
  if (text::ascii_lower(before.substr(before.size() - std::min<std::size_t>(6, before.size()))) == "bearer")
    return true;
  if (!before.ends_with('=') && !before.ends_with(':')) return false;
  return cue_before(
      text, end, kKeyCueReach,
      {"key", "token", "secret", "passw", "pwd", "auth", "credential", "비밀", "암호", "토큰", "키", "인증"});
}

bool within_url_path(std::string_view text, std::size_t at) {
  std::size_t start = at;
  while (start > 0 && static_cast<unsigned char>(text[start - 1]) > ' ' && at - start < 2048) --start;
  const std::string_view before = text.substr(start, at - start);
  return before.find("://") != std::string_view::npos || before.find(";base64,") != std::string_view::npos ||
         before.starts_with("www.");
}

/// A token that is random by its looks.
bool random_key(std::string_view text, std::size_t start, std::size_t end) {
  const std::string_view token = text.substr(start, end - start);
  if (token.size() < kShortestNamedKey) return false;
  const TokenMakeup makeup = makeup_of(token);
  if (!makeup.digit || !(makeup.lower || makeup.upper)) return false;
  const double bits = entropy_of(token);
  if (key_announced(text, start)) {
    // Digests are announced by other words; a hexadecimal token behind "key=" is a key from 32 digits on.
    if (makeup.hexadecimal) return token.size() >= 32 && bits >= 3.0;
    return bits >= 3.5 && makeup.changes >= 0.25;
  }
  return token.size() >= kShortestBareKey && makeup.upper && makeup.lower && !makeup.hexadecimal && bits >= 4.2 &&
         makeup.changes >= 0.45 && !within_url_path(text, start);
}

void private_keys(std::string_view text, std::vector<PiiFinding>& out) {
  constexpr std::string_view begin = "-----BEGIN ", tail = "PRIVATE KEY-----";
  for (std::size_t at = text.find(begin); at != std::string_view::npos; at = text.find(begin, at + 1)) {
    const std::size_t named = text.substr(0, std::min(text.size(), at + 64)).find(tail, at);
    if (named == std::string_view::npos) continue;
    const std::size_t body = named + tail.size();
    std::size_t end = text.find(tail, body);
    end = end == std::string_view::npos ? text.size() : end + tail.size();
    out.push_back({{at, std::min(end, at + kLongestPem)}, PiiKind::key});
  }
}

}  // namespace

void find_keys(std::string_view text, std::vector<PiiFinding>& out) {
  const auto in_token = [](char c) {
    return text::is_ascii_alnum(c) || c == '_' || c == '-' || c == '+' || c == '/' || c == '=';
  };
  private_keys(text, out);
  for (std::size_t i = 0; i < text.size();) {
    if (!text::is_ascii_alnum(text[i])) {
      ++i;
      continue;
    }
    if (i > 0 && text[i - 1] == '_') {  // the middle of a name
      while (i < text.size() && text::is_ascii_alnum(text[i])) ++i;
      continue;
    }
    std::size_t end = known_key_end(text, i);
    if (end == i) end = web_token_end(text, i);
    if (end > i) {
      out.push_back({{i, end}, PiiKind::key});
      i = end;
      continue;
    }
    // The whole token once, at its first character; then word by word, for prefixes in its middle.
    if (i == 0 || !in_token(text[i - 1]) || text[i - 1] == '=') {
      std::size_t last = i;
      while (last < text.size() && in_token(text[last]) &&
             !(text[last] == '=' && last + 1 < text.size() && text::is_ascii_alnum(text[last + 1]))) {
        ++last;
      }
      if (random_key(text, i, last)) {
        out.push_back({{i, last}, PiiKind::key});
        i = last;
        continue;
      }
    }
    while (i < text.size() && text::is_ascii_alnum(text[i])) ++i;
  }
}

}  // namespace twin::feature
