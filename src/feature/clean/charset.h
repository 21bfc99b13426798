// Bytes of unknown encoding → UTF-8.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace twin::feature {

struct Decoded {
  std::string text;          ///< valid UTF-8, without byte order mark
  std::string charset;       ///< what the bytes were: "utf-8", "cp949" …
  std::size_t replaced = 0;  ///< invalid sequences that became U+FFFD
};

/// By byte order mark, else UTF-16 when the bytes have its shape, else UTF-8 when they are that. Else what is declared:
/// `declared` (an HTTP header, a mail's part, a setting) and `inside` (the document's own word), labels of the WHATWG
/// encoding standard ("euc-kr" means CP949 …); of these the one that fits the bytes, CP949 when they are clearly Korean
/// and neither does, else UTF-8 with repairs. Binary data is ErrorKind::invalid.
[[nodiscard]] Result<Decoded> decode(std::string_view bytes, std::string_view declared = {},
                                     std::string_view inside = {});

/// The label in <meta charset>, <meta http-equiv> or <?xml encoding?>, looked for at the start; empty when there is
/// none.
[[nodiscard]] std::string declared_charset(std::string_view bytes);

/// Whether these bytes are no text in any encoding that decode() knows: NUL bytes or many control characters.
[[nodiscard]] bool looks_binary(std::string_view bytes);

}  // namespace twin::feature
