#include "feature/clean/image/size.h"

#include <doctest/doctest.h>

#include <string>

using namespace twin::feature;

namespace {

std::string bytes_of(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out += static_cast<char>(value);
  return out;
}

void check_size(const std::string& file, std::uint32_t width, std::uint32_t height) {
  const auto size = image_size(file);
  REQUIRE(size);
  CHECK(size->width == width);
  CHECK(size->height == height);
  // Cut anywhere: another answer is none, never a wrong read.
  for (std::size_t i = 0; i < file.size(); ++i) static_cast<void>(image_size(file.substr(0, i)));
}

}  // namespace

TEST_CASE("the size of an image stands in its first bytes") {
  check_size("\x89PNG\r\n\x1a\n" + bytes_of({0, 0, 0, 13, 'I', 'H', 'D', 'R', 0, 0, 3, 32, 0, 0, 2, 88, 8, 2, 0, 0, 0}),
             800, 600);
  check_size("GIF89a" + bytes_of({0x20, 0x03, 0x58, 0x02, 0, 0, 0}), 800, 600);
  // Start, JFIF, a comment, then the frame.
  check_size(bytes_of({0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1,  2, 0xFF, 0xFE, 0, 3,    'x', 0xFF,
                       0xFF, 0xC2, 0,    17,   8, 2, 88, 3, 32,   3,    1, 0x22, 0}),
             800, 600);
  check_size("RIFF" + bytes_of({0, 0, 0, 0}) + "WEBPVP8X" + bytes_of({10, 0, 0, 0, 0, 0, 0, 0, 0x1F, 3, 0, 0x57, 2, 0}),
             800, 600);
  check_size(
      "RIFF" + bytes_of({0, 0, 0, 0}) + "WEBPVP8 " + bytes_of({9, 0, 0, 0, 0, 0, 0, 0x9D, 1, 0x2A, 0x20, 3, 0x58, 2}),
      800, 600);
  check_size("RIFF" + bytes_of({0, 0, 0, 0}) + "WEBPVP8L" + bytes_of({9, 0, 0, 0, 0x2F, 0x1F, 0xC3, 0x95, 0}), 800,
             600);
  check_size("BM" + std::string(16, '\0') + bytes_of({0x20, 3, 0, 0, 0xA8, 0xFD, 0xFF, 0xFF}), 800, 600);
  check_size("P5\n# a comment with 7 in it\n800 600\n255\n", 800, 600);
}

TEST_CASE("what has no size is not an image of a known kind") {
  for (const std::string& file :
       {std::string(), std::string("II*"), std::string("P5"), std::string("P5 #"), std::string("P5 99999999999999 1"),
        std::string("\xFF\xD8\xFF\xD9"), std::string("GIF89a"), std::string("<svg/>")}) {
    CAPTURE(file);
    CHECK_FALSE(image_size(file));
  }
}
