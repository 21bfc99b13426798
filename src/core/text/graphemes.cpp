#include "core/text/graphemes.h"

#include <utf8proc.h>

namespace twin::text {

std::size_t grapheme_end(std::string_view utf8, std::size_t at, std::size_t limit) {
  utf8proc_int32_t before = -1, state = 0;
  while (at < utf8.size()) {
    utf8proc_int32_t c = -1;
    const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(utf8.data() + at),
                                         static_cast<utf8proc_ssize_t>(utf8.size() - at), &c);
    if (length < 1) return before < 0 ? at + 1 : at;  // a byte that is no UTF-8 stands for itself
    if (before >= 0 && (at >= limit || utf8proc_grapheme_break_stateful(before, c, &state))) return at;
    before = c;
    at += static_cast<std::size_t>(length);
  }
  return at;
}

}  // namespace twin::text
