// Hangul as BERT tokenizers see it.
#pragma once

#include <string>
#include <string_view>

namespace twin::models {

/// Each Hangul syllable as its two or three conjoining jamo (Unicode 3.12), the rest unchanged. BERT's accent stripping
/// starts with NFD, which does this; llama.cpp's NFD has one code point for one, and of each syllable only the first
/// consonant would be left.
/// Input that is not valid UTF-8 comes back as it is.
[[nodiscard]] std::string decompose_hangul(std::string_view utf8);

}  // namespace twin::models
