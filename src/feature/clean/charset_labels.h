// Names of character encodings as documents and servers write them.
#pragma once

#include <string>
#include <string_view>

namespace twin::feature {

/// The name iconv knows an encoding by, for a label of the WHATWG encoding standard or a Korean habit ("ms949",
/// "ks_c_5601-1987"): what a label means on the web is a superset of what it says. "utf-8", "utf-16le" and "utf-16be"
/// are themselves. Empty for any other label: only encodings that browsers read are, and foreign names do not reach
/// iconv.
[[nodiscard]] std::string charset_of_label(std::string_view label);

}  // namespace twin::feature
