// Bytes as text in base64 (RFC 4648 §4, with padding), on OpenSSL.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace twin {

[[nodiscard]] std::string base64_encode(std::string_view bytes);
/// Nothing for what is no base64.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

/// Floats as their bytes, little-endian: as OpenAI's clients ask for vectors by default.
[[nodiscard]] std::string base64_floats(std::span<const float> values);
/// Nothing for what is no base64, or no whole number of floats.
[[nodiscard]] std::optional<std::vector<float>> floats_of_base64(std::string_view text);

}  // namespace twin
