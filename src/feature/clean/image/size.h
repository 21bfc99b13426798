// How large an image is, by the first bytes of its file: what it would take is known before a program unpacks it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace twin::feature {

struct ImageSize {
  std::uint32_t width = 0, height = 0;  ///< pixels
  [[nodiscard]] std::uint64_t pixels() const { return std::uint64_t{width} * height; }
};

/// PNG, JPEG, GIF, WebP, BMP and PNM; nullopt for other formats (TIFF) and for files cut short.
[[nodiscard]] std::optional<ImageSize> image_size(std::string_view bytes);

}  // namespace twin::feature
