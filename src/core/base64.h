// Bytes as text in base64 (RFC 4648 §4, with padding), on OpenSSL.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace twin {

[[nodiscard]] std::string base64_encode(std::string_view bytes);
/// Nothing for what is no base64.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

}  // namespace twin
