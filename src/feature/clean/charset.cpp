#include "feature/clean/charset.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>

#include "core/i18n.h"
#include "core/text/unicode.h"

namespace twin::feature {
namespace {

/// How far declarations and binary data are looked for. HTML demands the declaration in the first 1024 bytes; pages
/// with comments before it exist.
constexpr std::size_t declaration_window = 4096;
constexpr std::size_t binary_window = 64 << 10;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  return out;
}

/// WHATWG labels whose meaning on the web is a superset of what the name says.
std::string iconv_name(std::string_view label) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 17> table{{
      {"euc-kr", "CP949"},
      {"ks_c_5601-1987", "CP949"},
      {"ksc5601", "CP949"},
      {"ks_c_5601", "CP949"},
      {"uhc", "CP949"},
      {"windows-949", "CP949"},
      {"iso-8859-1", "CP1252"},
      {"latin1", "CP1252"},
      {"us-ascii", "CP1252"},
      {"ascii", "CP1252"},
      {"windows-1252", "CP1252"},
      {"shift_jis", "CP932"},
      {"shift-jis", "CP932"},
      {"gb2312", "GB18030"},
      {"gbk", "GB18030"},
      {"x-sjis", "CP932"},
      {"iso-8859-9", "CP1254"},
  }};
  const std::string name = lower(text::trim(label));
  for (const auto& [from, to] : table) {
    if (name == from) return std::string(to);
  }
  return name;
}

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

/// nullopt when iconv does not know the encoding.
std::optional<Decoded> convert(std::string_view bytes, const std::string& from) {
  const Converter converter(from);
  if (!converter.valid()) return std::nullopt;
  Decoded out;
  out.charset = lower(from);
  out.text.reserve(bytes.size() + bytes.size() / 2);
  std::array<char, 1 << 14> buffer;
  char* in = const_cast<char*>(bytes.data());  // iconv's interface; it only reads
  std::size_t left = bytes.size();
  while (left > 0) {
    char* to = buffer.data();
    std::size_t room = buffer.size();
    const std::size_t result = iconv(converter.handle, &in, &left, &to, &room);
    const int error = errno;
    out.text.append(buffer.data(), buffer.size() - room);
    if (result == static_cast<std::size_t>(-1) && error != E2BIG) {
      out.text += "\xEF\xBF\xBD";
      ++out.replaced;
      ++in;
      --left;
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

/// Undeclared Korean text of the years before UTF-8. CP949 gives some meaning to nearly any bytes, so the result must
/// be free of errors and mostly Hangul where it is not ASCII.
std::optional<Decoded> guess_korean(std::string_view bytes) {
  auto decoded = convert(bytes, "CP949");
  if (!decoded || decoded->replaced > 0) return std::nullopt;
  std::size_t hangul = 0, other = 0;
  for (const auto& c : text::codepoints(text::clip(decoded->text, binary_window))) {
    if (c.value < 0x80) continue;
    ++(text::is_hangul(c.value) ? hangul : other);
  }
  if (hangul < 4 || hangul < other * 4) return std::nullopt;
  return decoded;
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

}  // namespace

bool looks_binary(std::string_view bytes) {
  if (starts_with(bytes, "\xFF\xFE") || starts_with(bytes, "\xFE\xFF")) return false;
  const auto head = bytes.substr(0, binary_window);
  std::size_t control = 0;
  for (const char c : head) {
    if (c == '\0') return true;
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\x1b') ++control;
  }
  return control * 20 > head.size();
}

std::string declared_charset(std::string_view bytes) {
  const std::string head = lower(bytes.substr(0, declaration_window));
  for (const std::string_view key : {"charset", "encoding"}) {
    for (std::size_t at = head.find(key); at != std::string::npos; at = head.find(key, at + 1)) {
      if (key == "encoding" && !starts_with(text::trim(head), "<?xml")) break;
      std::size_t from = head.find_first_not_of(" \t\r\n", at + key.size());
      if (from == std::string::npos || head[from] != '=') continue;
      from = head.find_first_not_of(" \t\r\n\"'", from + 1);
      const std::size_t to = head.find_first_of(" \t\r\n\"'/>;?", from);
      if (from != std::string::npos && to != std::string::npos && to > from) return head.substr(from, to - from);
    }
  }
  return {};
}

Result<Decoded> decode(std::string_view bytes, std::string_view declared) {
  if (starts_with(bytes, "\xEF\xBB\xBF")) return as_utf8(bytes.substr(3));
  if (starts_with(bytes, "\xFF\xFE")) return *convert(bytes.substr(2), "UTF-16LE");
  if (starts_with(bytes, "\xFE\xFF")) return *convert(bytes.substr(2), "UTF-16BE");
  if (looks_binary(bytes)) {
    return fail(ErrorKind::invalid, tr("The content is binary data, not text"), {},
                tr("Exclude it, or name it with the extension of its format"));
  }
  const bool valid = text::first_invalid_utf8(bytes) == std::string_view::npos;
  const std::string from = iconv_name(declared);
  // Seven-bit encodings are valid UTF-8 too: only their declaration tells.
  if (valid && !starts_with(from, "iso-2022")) return as_utf8(bytes);
  // UTF-16 without a byte order mark has NUL bytes and was refused above; HTML says such a declaration means UTF-8.
  if (!from.empty() && !starts_with(from, "utf")) {
    if (auto decoded = convert(bytes, from)) return *std::move(decoded);
  }
  if (from.empty()) {
    if (auto decoded = guess_korean(bytes)) return *std::move(decoded);
  }
  return as_utf8(bytes);
}

}  // namespace twin::feature
