#include "core/base64.h"

#include <openssl/evp.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace twin {
namespace {

constexpr std::size_t text_group = 4, byte_group = 3;

}  // namespace

std::string base64_encode(std::string_view bytes) {
  std::string text(text_group * ((bytes.size() + byte_group - 1) / byte_group) + 1, '\0');  // OpenSSL ends it with NUL
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.empty()) return std::string();
  std::string bytes(byte_group * (text.size() / text_group), '\0');
  const int length =
      text.size() % text_group != 0
          ? -1
          : EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                            reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  const auto padding = std::min<std::size_t>(2, text.size() - text.find_last_not_of('=') - 1);
  if (length < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(length) - padding);  // OpenSSL counts the padding's zeros
  return bytes;
}

static_assert(std::endian::native == std::endian::little);

std::string base64_floats(std::span<const float> values) {
  return base64_encode({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
}

std::optional<std::vector<float>> floats_of_base64(std::string_view text) {
  const auto bytes = base64_decode(text);
  if (!bytes || bytes->size() % sizeof(float) != 0) return std::nullopt;
  std::vector<float> values(bytes->size() / sizeof(float));
  std::memcpy(values.data(), bytes->data(), bytes->size());
  return values;
}

}  // namespace twin
