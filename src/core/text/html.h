// Text inside HTML that we write.
#pragma once

#include <string>
#include <string_view>

#include "core/text/unicode.h"

namespace twin::text {

/// For text between tags and for attribute values in quotes of either kind; bytes that are no UTF-8 are repaired.
[[nodiscard]] inline std::string html_escaped(std::string_view bytes) {
  std::string out;
  for (const char c : repair_utf8(bytes)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace twin::text
