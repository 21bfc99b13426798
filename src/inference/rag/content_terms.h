// The words that carry a sentence's content, in a form in which two wordings of one fact compare equal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace twin::inference {

/// Terms in order of the text, repeated as often as they occur:
/// - Latin and other alphabets: case-folded, stop words left out, stemmed (Snowball English);
/// - Hangul: the eojeol without particles and common verb endings, as character bigrams (one syllable stays itself);
/// - numbers as written.
/// Pure and thread-safe.
[[nodiscard]] std::vector<std::string> content_terms(std::string_view utf8);

/// The words behind these terms, in order, as a text for others to cut: case-folded, without stop words and, in Hangul,
/// without particles and common endings. Pure and thread-safe.
[[nodiscard]] std::string content_words(std::string_view utf8);

}  // namespace twin::inference
