#include "core/text/unicode.h"

#include <simdjson.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "core/text/ascii.h"
#include "core/text/scan.h"

namespace twin::text {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// Length of the valid sequence at the front, or minus the length of the "maximal subpart" that is replaced by one
/// U+FFFD (Unicode 15, section 3.9, table 3-7).
int sequence(std::string_view s) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return -1;
  const int length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  unsigned char low = 0x80, high = 0xBF;  // of the second byte: no overlong forms, no surrogates, at most U+10FFFF
  if (lead == 0xE0) low = 0xA0;
  if (lead == 0xED) high = 0x9F;
  if (lead == 0xF0) low = 0x90;
  if (lead == 0xF4) high = 0x8F;
  for (int i = 1; i < length; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (at >= s.size() || byte(at) < low || byte(at) > high) return -i;
    low = 0x80;
    high = 0xBF;
  }
  return length;
}

/// Whether the three bytes of a Hangul syllable, an ideograph and the like are at a place: the usual case of
/// sequence().
bool three_bytes(std::string_view s, std::size_t at) {
  if (at + 2 >= s.size()) return false;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[at + i]); };
  const unsigned char lead = byte(0);
  return lead >= 0xE1 && lead <= 0xEF && (byte(1) & 0xC0u) == 0x80 && (byte(2) & 0xC0u) == 0x80 &&
         !(lead == 0xED && byte(1) > 0x9F);
}

std::string mapped(std::string_view utf8, int options) {
  utf8proc_uint8_t* raw = nullptr;
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(utf8.data()), static_cast<utf8proc_ssize_t>(utf8.size()),
                   &raw, static_cast<utf8proc_option_t>(options));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(raw, &std::free);
  // Foreign names, links and headers come here as they are: a bad byte in one of them must not end the run.
  if (size < 0 && first_invalid_utf8(utf8) != std::string::npos) return mapped(repair_utf8(utf8), options);
  if (size < 0) throw Fatal(ErrorKind::internal, utf8proc_errmsg(size));
  return {reinterpret_cast<const char*>(raw), static_cast<std::size_t>(size)};
}

/// How many bytes at the front are ASCII.
std::size_t ascii_run(std::string_view text) {
  constexpr std::uint64_t high = 0x8080808080808080u;
  std::size_t at = 0;
  for (std::uint64_t word = 0; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & high) != 0) break;
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

bool is_ascii(std::string_view text) {
  return ascii_run(text) == text.size();
}

bool between(char32_t c, char32_t first, char32_t last) {
  return c >= first && c <= last;
}

/// Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + cost});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

/// Whether a text holds only characters that no normalization changes: ASCII, Latin letters below U+0300, Hangul
/// syllables, kana, common ideographs and punctuation. False says nothing; most texts are spared the long way.
bool surely_nfc(std::string_view utf8) {
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    if (c < 0x80) {
      i += ascii_run(utf8.substr(i)) - 1;
      continue;
    }
    if (c >= 0xC2 && c <= 0xCB) {
      ++i;
      continue;
    }
    const auto next = i + 1 < utf8.size() ? static_cast<unsigned char>(utf8[i + 1]) : 0;
    const auto third = i + 2 < utf8.size() ? static_cast<unsigned char>(utf8[i + 2]) : 0;
    const bool syllable = (c == 0xEA && next >= 0xB0) || c == 0xEB || c == 0xEC ||
                          (c == 0xED && (next < 0x9E || (next == 0x9E && third <= 0xA3)));
    const bool ideograph = c >= 0xE4 && c <= 0xE9;
    const bool kana = c == 0xE3 && ((next == 0x80 && third < 0xAA) || next == 0x81 || next == 0x83 ||
                                    (next == 0x82 && third != 0x99 && third != 0x9A));
    const bool punctuation =
        c == 0xE2 && ((next == 0x80 && third > 0x81) || next == 0x82 || next == 0x86 || (next >= 0x94 && next <= 0x9F));
    if (!syllable && !ideograph && !kana && !punctuation) return false;
    i += 2;
  }
  return true;
}

}  // namespace

std::size_t first_invalid_utf8(std::string_view bytes) {
  if (simdjson::validate_utf8(bytes)) return std::string_view::npos;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const int length = sequence(bytes.substr(at));
    if (length < 0) return at;
    at += static_cast<std::size_t>(length);
  }
  return std::string_view::npos;
}

std::string repair_utf8(std::string_view bytes, std::size_t* replaced) {
  std::string repaired;
  repaired.reserve(bytes.size());
  std::size_t count = 0;
  while (!bytes.empty()) {
    const int length = sequence(bytes);
    if (length < 0) {
      repaired += kReplacement;
      ++count;
    } else {
      repaired += bytes.substr(0, static_cast<std::size_t>(length));
    }
    bytes.remove_prefix(static_cast<std::size_t>(std::abs(length)));
  }
  if (replaced != nullptr) *replaced = count;
  return repaired;
}

std::string nfc(std::string_view utf8) {
  if (surely_nfc(utf8)) return std::string(utf8);
  return mapped(utf8, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
}

std::string fold(std::string_view utf8) {
  if (is_ascii(utf8)) return ascii_lower(utf8);
  return mapped(utf8, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
}

std::vector<Codepoint> codepoints(std::string_view utf8) {
  std::vector<Codepoint> result;
  codepoints(utf8, result);
  return result;
}

Codepoint codepoint_at(std::string_view utf8, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(utf8[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return {lead, at, 1};
  if (three_bytes(utf8, at)) {
    return {static_cast<char32_t>((lead & 0x0Fu) << 12u | (byte(at + 1) & 0x3Fu) << 6u | (byte(at + 2) & 0x3Fu)), at,
            3};
  }
  const int length = sequence(utf8.substr(at));
  // An invalid sequence is one U+FFFD, as in repair_utf8(), at its own place.
  if (length < 0) return {U'\uFFFD', at, static_cast<std::size_t>(-length)};
  const auto size = static_cast<std::size_t>(length);
  char32_t value = lead & (0xFFu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) value = value << 6u | (byte(at + i) & 0x3Fu);
  return {value, at, size};
}

void codepoints(std::string_view utf8, std::vector<Codepoint>& out) {
  out.clear();
  out.reserve(utf8.size());
  for (std::size_t at = 0; at < utf8.size(); at += out.back().length) {
    const auto lead = static_cast<unsigned char>(utf8[at]);
    out.push_back(lead < 0x80 ? Codepoint{lead, at, 1} : codepoint_at(utf8, at));
  }
}

bool is_hangul(char32_t c) {
  return between(c, 0xAC00, 0xD7A3) || between(c, 0x1100, 0x11FF) || between(c, 0x3130, 0x318F) ||
         between(c, 0xA960, 0xA97F) || between(c, 0xD7B0, 0xD7FF) || between(c, 0xFFA0, 0xFFDC);
}

bool is_cjk(char32_t c) {
  return between(c, 0x3040, 0x30FF) || between(c, 0x31F0, 0x31FF) || between(c, 0x3400, 0x4DBF) ||
         between(c, 0x4E00, 0x9FFF) || between(c, 0xF900, 0xFAFF) || between(c, 0xFF66, 0xFF9D) ||
         between(c, 0x20000, 0x323AF) || c == 0x3005 || c == 0x3007;
}

bool is_letter(char32_t c) {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool is_upper(char32_t c) {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LT;
}

bool is_lower(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_LL;
}

bool is_space(char32_t c) {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return between(c, 0x09, 0x0D) || c == 0x85 || c == 0x200B || c == 0xFEFF ||
         (category >= UTF8PROC_CATEGORY_ZS && category <= UTF8PROC_CATEGORY_ZP);
}

bool is_digit(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_ND;
}

double hangul_share(std::string_view utf8) {
  std::size_t letters = 0, hangul = 0;
  for (const Codepoint& c : codepoints(utf8)) {
    if (!is_letter(c.value)) continue;
    ++letters;
    if (is_hangul(c.value)) ++hangul;
  }
  return letters == 0 ? 0.0 : static_cast<double>(hangul) / static_cast<double>(letters);
}

std::string guess_language(std::string_view utf8) {
  // Korean technical writing is full of English terms: a third of the letters is enough.
  constexpr double kKoreanShare = 0.3;
  return hangul_share(utf8) >= kKoreanShare ? "ko" : "en";
}

std::string_view clip(std::string_view utf8, std::size_t max_bytes) {
  if (utf8.size() <= max_bytes) return utf8;
  while (max_bytes > 0 && (static_cast<unsigned char>(utf8[max_bytes]) & 0xC0) == 0x80) --max_bytes;
  return utf8.substr(0, max_bytes);
}

int columns(std::string_view utf8) {
  int sum = 0;
  for (const Codepoint& c : codepoints(utf8)) sum += utf8proc_charwidth(static_cast<utf8proc_int32_t>(c.value));
  return sum;
}

std::string clip_columns(std::string_view utf8, int max_columns) {
  const std::string repaired = repair_utf8(utf8);
  std::size_t end = 0;
  for (const Codepoint& c : codepoints(repaired)) {
    max_columns -= utf8proc_charwidth(static_cast<utf8proc_int32_t>(c.value));
    if (max_columns < 0) break;
    end = c.offset + c.length;
  }
  return repaired.substr(0, end);
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  constexpr std::size_t kMaxLength = 200;  // the distance is quadratic; no key is longer
  if (word.size() > kMaxLength) return {};
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : known) {
    if (candidate.size() > kMaxLength) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace twin::text
