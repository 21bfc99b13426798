#include "feature/clean/image/size.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace twin::feature {
namespace {

/// Numbers at places of a file; zero behind its end.
class HeaderBytes {
 public:
  explicit HeaderBytes(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] std::uint32_t at(std::size_t place) const {
    return place < bytes_.size() ? static_cast<unsigned char>(bytes_[place]) : 0;
  }
  [[nodiscard]] std::uint32_t big16(std::size_t place) const { return at(place) << 8 | at(place + 1); }
  [[nodiscard]] std::uint32_t big32(std::size_t place) const { return big16(place) << 16 | big16(place + 2); }
  [[nodiscard]] std::uint32_t little16(std::size_t place) const { return at(place) | at(place + 1) << 8; }
  [[nodiscard]] std::uint32_t little24(std::size_t place) const { return little16(place) | at(place + 2) << 16; }
  [[nodiscard]] std::uint32_t little32(std::size_t place) const { return little24(place) | at(place + 3) << 24; }
  [[nodiscard]] bool has(std::size_t place, std::string_view what) const {
    return place <= bytes_.size() && bytes_.substr(place, what.size()) == what;
  }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
};

/// ISO/IEC 10918-1, B.1: segments up to the frame header.
ImageSize size_of_jpeg(const HeaderBytes& bytes) {
  for (std::size_t place = 2; place + 9 < bytes.size();) {
    if (bytes.at(place) != 0xFF) return {};
    const std::uint32_t marker = bytes.at(place + 1);
    if (marker == 0xFF) {  // fill
      ++place;
      continue;
    }
    const bool frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (frame) return {bytes.big16(place + 7), bytes.big16(place + 5)};
    const bool alone = marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8);
    place += alone ? 2 : 2 + std::size_t{bytes.big16(place + 2)};
  }
  return {};
}

/// RFC 9649: the three kinds of first chunk.
ImageSize size_of_webp(const HeaderBytes& bytes) {
  constexpr std::uint32_t bits14 = 0x3FFF;
  if (bytes.has(12, "VP8X")) return {bytes.little24(24) + 1, bytes.little24(27) + 1};
  if (bytes.has(12, "VP8L")) {
    const std::uint32_t packed = bytes.little32(21);
    return {(packed & bits14) + 1, ((packed >> 14) & bits14) + 1};
  }
  if (bytes.has(12, "VP8 ")) return {bytes.little16(26) & bits14, bytes.little16(28) & bits14};
  return {};
}

/// "P5", white space and comments, width, height.
ImageSize size_of_pnm(std::string_view bytes) {
  std::uint32_t numbers[2] = {0, 0};
  std::size_t at = 2;
  for (std::uint32_t& number : numbers) {
    for (; at < bytes.size() && (bytes[at] < '0' || bytes[at] > '9'); ++at) {
      if (bytes[at] == '#') at = std::min(bytes.find('\n', at), bytes.size() - 1);
    }
    const char* end = bytes.data() + bytes.size();
    const auto read = std::from_chars(bytes.data() + at, end, number);
    if (read.ec != std::errc()) return {};
    at = static_cast<std::size_t>(read.ptr - bytes.data());
  }
  return {numbers[0], numbers[1]};
}

ImageSize size_in(std::string_view file) {
  const HeaderBytes bytes(file);
  if (bytes.has(0, "\x89PNG\r\n\x1a\n")) return {bytes.big32(16), bytes.big32(20)};
  if (bytes.has(0, "\xFF\xD8")) return size_of_jpeg(bytes);
  if (bytes.has(0, "GIF8")) return {bytes.little16(6), bytes.little16(8)};
  if (bytes.has(0, "RIFF") && bytes.has(8, "WEBP")) return size_of_webp(bytes);
  if (bytes.has(0, "BM")) {
    const std::uint32_t height = bytes.little32(22);  // negative where the rows run downwards
    return {bytes.little32(18), height > 0x7FFFFFFF ? 0 - height : height};
  }
  if (file.size() > 3 && file[0] == 'P' && file[1] >= '1' && file[1] <= '6') return size_of_pnm(file);
  return {};
}

}  // namespace

std::optional<ImageSize> image_size(std::string_view bytes) {
  const ImageSize size = size_in(bytes);
  if (size.width == 0 || size.height == 0) return std::nullopt;
  return size;
}

}  // namespace twin::feature
