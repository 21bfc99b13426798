#include "core/base64.h"

#include <doctest/doctest.h>

using namespace twin;

TEST_CASE("base64: RFC 4648's examples, both ways, and bytes of every value") {
  const std::pair<const char*, const char*> examples[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : examples) {
    CHECK(base64_encode(bytes) == text);
    CHECK(base64_decode(text) == bytes);
  }
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  CHECK(base64_decode(base64_encode(all)) == all);
}

TEST_CASE("base64: what is none is refused") {
  for (const char* const text : {"Zg=", "Zg", "Z", "Z*==", "한글"}) {
    CAPTURE(text);
    CHECK_FALSE(base64_decode(text));
  }
}

TEST_CASE("floats in base64 come back to the bit; what is no whole number of them does not") {
  const std::vector<float> values = {0.1F, -1e-30F, 3};
  CHECK(base64_floats(std::vector<float>{1}) == "AACAPw==");
  CHECK(floats_of_base64(base64_floats(values)) == values);
  CHECK(floats_of_base64("")->empty());
  CHECK_FALSE(floats_of_base64("AACA"));
  CHECK_FALSE(floats_of_base64("AACAPw="));
}
