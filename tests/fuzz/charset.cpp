// Bytes in unknown encodings; the first line may be the declared one.
#include "feature/clean/charset.h"

#include "core/text/unicode.h"
#include "fuzz.h"

using namespace twin;

TWIN_FUZZ(charset, bytes) {
  const std::size_t line = std::min(bytes.find('\n'), bytes.size());
  const std::string_view declared = line < 32 ? bytes.substr(0, line) : std::string_view();
  const std::string_view rest = line < 32 ? bytes.substr(std::min(line + 1, bytes.size())) : bytes;
  for (const std::string_view label : {declared, std::string_view()}) {
    const auto decoded = feature::decode(rest, label);
    if (!decoded) continue;
    fuzz::require(text::first_invalid_utf8(decoded->text) == std::string::npos, "decoded text is UTF-8");
    fuzz::require(!decoded->charset.empty(), "the encoding has a name");
  }
  (void)feature::declared_charset(bytes);
}
