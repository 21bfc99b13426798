#include "stores/index/cells.h"

#include <utf8proc.h>

#include "core/text/unicode.h"

namespace twin::stores {
namespace {

constexpr char32_t kFirstCombining = 0x300;
constexpr unsigned char kLeadOfCombining = 0xCC;  // the first byte of U+0300 and all after it is not below this

struct Decoded {
  char32_t value = 0;
  std::size_t length = 0;  // 0: invalid
};

Decoded decode(std::string_view bytes) {
  utf8proc_int32_t value = 0;
  const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(bytes.data()),
                                       static_cast<utf8proc_ssize_t>(bytes.size()), &value);
  if (length <= 0) return {};
  return {static_cast<char32_t>(value), static_cast<std::size_t>(length)};
}

bool is_jamo_tail(char32_t c) {
  return (c >= 0x1160 && c <= 0x11FF) || (c >= 0xD7B0 && c <= 0xD7FB);
}

bool is_syllable(char32_t c) {
  return c >= 0xAC00 && c <= 0xD7A3;
}

// Whether a character belongs to the one before it: combining marks, and the later jamo of a syllable.
bool extends(char32_t c) {
  if (c < kFirstCombining) return false;
  if (is_jamo_tail(c)) return true;
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC || category == UTF8PROC_CATEGORY_ME;
}

Cell::Kind kind_of(char32_t c) {
  if (c < 0x80) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return Cell::Kind::letter;
    return c >= '0' && c <= '9' ? Cell::Kind::digit : Cell::Kind::other;
  }
  if (text::is_hangul(c)) return Cell::Kind::hangul;
  if (text::is_cjk(c)) return Cell::Kind::cjk;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
      return Cell::Kind::letter;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return Cell::Kind::digit;
    default:
      return Cell::Kind::other;
  }
}

bool is_upper(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_LU;
}

// An ASCII character that nothing combines with, by far the most frequent case.
bool is_plain_ascii(std::string_view bytes, std::size_t at) {
  if (static_cast<unsigned char>(bytes[at]) >= 0x80) return false;
  return at + 1 == bytes.size() || static_cast<unsigned char>(bytes[at + 1]) < kLeadOfCombining;
}

Cell ascii_cell(char c, std::size_t offset) {
  const bool upper = c >= 'A' && c <= 'Z';
  const auto value = static_cast<char32_t>(upper ? c - 'A' + 'a' : c);
  return {value, kind_of(value), upper, offset, offset + 1};
}

}  // namespace

void append_cells(std::string_view bytes, std::size_t base, std::vector<Cell>& cells) {
  for (std::size_t at = 0; at < bytes.size();) {
    if (is_plain_ascii(bytes, at)) {
      cells.push_back(ascii_cell(bytes[at], base + at));
      ++at;
      continue;
    }
    const Decoded first = decode(bytes.substr(at));
    if (first.length == 0) {
      cells.push_back({0xFFFD, Cell::Kind::other, false, base + at, base + at + 1});
      ++at;
      continue;
    }
    std::size_t end = at + first.length;
    for (Decoded next = decode(bytes.substr(end)); next.length > 0 && extends(next.value);
         next = decode(bytes.substr(end))) {
      end += next.length;
    }
    if (end == at + first.length && is_syllable(first.value)) {
      cells.push_back({first.value, Cell::Kind::hangul, false, base + at, base + end});
    } else {
      const std::string folded = text::fold(bytes.substr(at, end - at));
      for (const auto& c : text::codepoints(folded)) {
        cells.push_back({c.value, kind_of(c.value), is_upper(first.value), base + at, base + end});
      }
    }
    at = end;
  }
}

}  // namespace twin::stores
