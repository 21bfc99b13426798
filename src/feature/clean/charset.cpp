#include "feature/clean/charset.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "core/i18n.h"
#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "feature/clean/charset_labels.h"

namespace twin::feature {
namespace {

/// How far declarations and binary data are looked for. HTML demands the declaration in the first 1024 bytes; pages
/// with comments before it exist.
constexpr std::size_t declaration_window = 4096;
constexpr std::size_t binary_window = 64 << 10;
constexpr std::size_t utf16_window = 4096;

struct Converter {
  iconv_t handle;
  explicit Converter(const std::string& from) : handle(iconv_open("UTF-8", from.c_str())) {}
  ~Converter() {
    if (valid()) iconv_close(handle);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  [[nodiscard]] bool valid() const { return handle != reinterpret_cast<iconv_t>(-1); }
};

/// Bytes of which a character is made at least: what is skipped when one is invalid, so that the rest stays in step.
std::size_t unit_of(std::string_view charset) {
  return charset.starts_with("utf-16") ? 2 : charset.starts_with("utf-32") ? 4 : 1;
}

/// nullopt when iconv does not know the encoding.
std::optional<Decoded> convert(std::string_view bytes, const std::string& from) {
  const Converter converter(from);
  if (!converter.valid()) return std::nullopt;
  Decoded out;
  out.charset = from;
  out.text.reserve(bytes.size() + bytes.size() / 2);
  std::array<char, 1 << 14> buffer;
  char* in = const_cast<char*>(bytes.data());  // iconv's interface; it only reads
  std::size_t left = bytes.size();
  const std::size_t unit = unit_of(from);
  while (left > 0) {
    char* to = buffer.data();
    std::size_t room = buffer.size();
    const std::size_t result = iconv(converter.handle, &in, &left, &to, &room);
    const int error = errno;
    out.text.append(buffer.data(), buffer.size() - room);
    if (result == static_cast<std::size_t>(-1) && error != E2BIG) {
      out.text += "\xEF\xBF\xBD";
      ++out.replaced;
      const std::size_t skipped = std::min(unit, left);
      in += skipped;
      left -= skipped;
    }
  }
  return out;
}

Decoded as_utf8(std::string_view bytes) {
  Decoded out;
  out.charset = "utf-8";
  out.text = text::first_invalid_utf8(bytes) == std::string_view::npos ? std::string(bytes)
                                                                       : text::repair_utf8(bytes, &out.replaced);
  return out;
}

/// Wrongly declared or undeclared Korean text of the years before UTF-8. CP949 gives some meaning to nearly any bytes,
/// so the result must be nearly free of errors (a page may be cut within a character) and mostly Hangul where it is not
/// ASCII.
std::optional<Decoded> guess_korean(std::string_view bytes) {
  auto decoded = convert(bytes, "cp949");
  if (!decoded) return std::nullopt;
  std::size_t hangul = 0, other = 0;
  for (const auto& c : text::codepoints(text::clip(decoded->text, binary_window))) {
    if (c.value < 0x80) continue;
    ++(text::is_hangul(c.value) ? hangul : other);
  }
  if (hangul < 4 || hangul < other * 4 || decoded->replaced * 50 > hangul + 49) return std::nullopt;
  return decoded;
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

/// UTF-16 without a byte order mark has a shape: markup, blanks and digits are ASCII, so one byte of many pairs is
/// zero, and always the same one. Its conversion must make sense, too. Empty when it is not.
std::string shape_of_utf16(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, utf16_window & ~std::size_t{1});
  if (head.size() < 8 || bytes.size() % 2 != 0) return {};
  std::size_t first = 0, second = 0;
  for (std::size_t i = 0; i + 1 < head.size(); i += 2) {
    first += head[i] == '\0' ? 1 : 0;
    second += head[i + 1] == '\0' ? 1 : 0;
  }
  const std::size_t pairs = head.size() / 2;
  // A few characters, as U+AE00 (글), have a zero in the other byte, too.
  const bool little = second * 20 >= pairs && first * 8 <= second, big = first * 20 >= pairs && second * 8 <= first;
  if (!little && !big) return {};
  const std::string name = little ? "utf-16le" : "utf-16be";
  const auto sample = convert(head, name);
  if (!sample || sample->replaced > 1) return {};  // the sample may end within a surrogate pair
  const auto strange = [](const auto& c) {
    const bool control = c.value < 0x20 && c.value != '\n' && c.value != '\r' && c.value != '\t' && c.value != '\f';
    return control || (c.value >= 0xE000 && c.value < 0xF900);  // private use
  };
  const auto points = text::codepoints(sample->text);
  return std::any_of(points.begin(), points.end(), strange) ? std::string() : name;
}

bool has_binary_bytes(std::string_view bytes) {
  const auto head = bytes.substr(0, binary_window);
  const bool shifts = head.find("\x1b$)C") != std::string_view::npos;  // ISO-2022-KR: SO and SI around Hangul
  // Without branches, so that the compiler takes many bytes at once.
  std::size_t zero = 0, control = 0;
  for (const char c : head) {
    const auto u = static_cast<unsigned char>(c);
    const bool usual = u >= 0x20 || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == '\x1b';
    zero += c == '\0' ? 1u : 0u;
    control += usual ? 0u : 1u;
  }
  if (zero > 0) return true;
  if (shifts) {
    control -= static_cast<std::size_t>(std::count(head.begin(), head.end(), '\x0e') +
                                        std::count(head.begin(), head.end(), '\x0f'));
  }
  return control * 20 > head.size();
}

/// The encoding that a byte order mark names, and how long it is.
std::pair<std::string, std::size_t> by_mark(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (starts_with(bytes, "\xEF\xBB\xBF")) return {"utf-8", 3};
  if (starts_with(bytes, "\xFF\xFE\0\0"sv)) return {"utf-32le", 4};
  if (starts_with(bytes, "\0\0\xFE\xFF"sv)) return {"utf-32be", 4};
  if (starts_with(bytes, "\xFF\xFE")) return {"utf-16le", 2};
  if (starts_with(bytes, "\xFE\xFF")) return {"utf-16be", 2};
  return {"", 0};
}

/// Encodings in which every byte means something: that they fit says nothing.
bool fits_anything(std::string_view charset) {
  return starts_with(charset, "cp12") || starts_with(charset, "iso-8859") || starts_with(charset, "koi8") ||
         charset == "cp874" || charset == "cp866" || charset == "macintosh";
}

/// Bytes that are neither UTF-8 nor binary, by what is declared and what they look like.
Decoded by_declaration(std::string_view bytes, const std::string& declared, const std::string& inside) {
  std::optional<Decoded> best;
  for (const std::string& name : {declared, inside}) {
    // HTML says that UTF-16 in a document that was read as far as its declaration means UTF-8.
    if (name.empty() || starts_with(name, "utf-")) continue;
    if (fits_anything(name)) continue;
    auto decoded = convert(bytes, name);
    if (decoded && decoded->replaced == 0) return *std::move(decoded);
    if (decoded && (!best || decoded->replaced < best->replaced)) best = std::move(decoded);
  }
  if (auto korean = guess_korean(bytes); korean && (!best || korean->replaced < best->replaced))
    return *std::move(korean);
  const auto high =
      std::count_if(bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  const bool poor = !best || best->replaced * 4 > static_cast<std::size_t>(high);
  for (const std::string& name : {declared, inside}) {
    if (!poor || !fits_anything(name)) continue;
    if (auto decoded = convert(bytes, name)) return *std::move(decoded);
  }
  return best ? *std::move(best) : as_utf8(bytes);
}

/// The value of charset= within the text of one tag.
std::string charset_in(std::string_view tag) {
  for (std::size_t at = tag.find("charset"); at != std::string_view::npos; at = tag.find("charset", at + 1)) {
    std::size_t from = tag.find_first_not_of(" \t\r\n", at + 7);
    if (from == std::string_view::npos || tag[from] != '=') continue;
    from = tag.find_first_not_of(" \t\r\n\"'", from + 1);
    if (from == std::string_view::npos) continue;
    const std::size_t to = std::min(tag.find_first_of(" \t\r\n\"'/>;?", from), tag.size());
    if (to > from) return std::string(tag.substr(from, to - from));
  }
  return {};
}

std::string xml_encoding(std::string_view head) {
  const std::string_view text = text::trim(head);
  if (!starts_with(text, "<?xml")) return {};
  std::string declaration(text.substr(0, text.find("?>")));
  const std::size_t at = declaration.find("encoding");
  if (at == std::string::npos) return {};
  return charset_in("charset" + declaration.substr(at + 8));
}

}  // namespace

bool looks_binary(std::string_view bytes) {
  return by_mark(bytes).second == 0 && has_binary_bytes(bytes) && shape_of_utf16(bytes).empty();
}

std::string declared_charset(std::string_view bytes) {
  const std::string head = text::ascii_lower(bytes.substr(0, declaration_window));
  if (std::string name = xml_encoding(head); !name.empty()) return name;
  for (std::size_t at = head.find('<'); at != std::string::npos; at = head.find('<', at)) {
    if (head.compare(at, 4, "<!--") == 0) {
      at = head.find("-->", at + 4);
      if (at == std::string::npos) break;
      continue;
    }
    const std::size_t end = std::min(head.find('>', at), head.size());
    if (head.compare(at, 5, "<meta") == 0) {
      if (std::string name = charset_in(std::string_view(head).substr(at, end - at)); !name.empty()) return name;
    }
    ++at;
  }
  return {};
}

Result<Decoded> decode(std::string_view bytes, std::string_view declared, std::string_view inside) {
  if (const auto [name, length] = by_mark(bytes); length > 0) {
    return name == "utf-8" ? as_utf8(bytes.substr(length)) : *convert(bytes.substr(length), name);
  }
  if (has_binary_bytes(bytes)) {
    const std::string name = shape_of_utf16(bytes);
    if (!name.empty()) return *convert(bytes, name);
    return fail(ErrorKind::invalid, tr("The content is binary data, not text"), {},
                tr("Exclude it, or name it with the extension of its format"));
  }
  const std::string first = charset_of_label(declared), second = charset_of_label(inside);
  const bool valid = text::first_invalid_utf8(bytes) == std::string_view::npos;
  // Seven-bit encodings are valid UTF-8 too: only their declaration tells.
  for (const std::string& name : {first, second}) {
    if (!valid || !starts_with(name, "iso-2022") || bytes.find('\x1b') == std::string_view::npos) continue;
    if (auto decoded = convert(bytes, name)) return *std::move(decoded);
  }
  return valid ? as_utf8(bytes) : by_declaration(bytes, first, second);
}

}  // namespace twin::feature
