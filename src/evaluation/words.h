// Words of a text as the measures need them: tokens, function words, content words.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace twin::evaluation {

/// Without citation marks such as [1] and [2, 3], with invalid UTF-8 repaired: what the measures read of an answer.
[[nodiscard]] std::string without_marks(std::string_view text);

/// Words in order, case-folded: runs of letters and digits, apostrophes inside a word included (one Korean eojeol is
/// one word).
[[nodiscard]] std::vector<std::string> words(std::string_view utf8);

/// The beginning of the text that holds `count` words.
[[nodiscard]] std::string_view first_words(std::string_view utf8, std::size_t count);

/// English function words (articles, pronouns, prepositions, conjunctions, auxiliaries), sorted: what a writer uses
/// without thinking, whatever the topic (Mosteller and Wallace 1964; Burrows 2002).
[[nodiscard]] const std::vector<std::string>& english_function_words();
/// Korean particles (josa) and verb endings (eomi) that end an eojeol, longest first: their counterpart.
[[nodiscard]] const std::vector<std::string>& korean_endings();
/// The longest ending of the list that the word ends with and is longer than; empty when there is none.
[[nodiscard]] std::string_view korean_ending(std::string_view word);

/// What a statement is about, as units that can be looked up in another text: stemmed English words without function
/// words, pairs of neighbouring syllables of Korean words without their ending, and numbers.
[[nodiscard]] std::vector<std::string> content_units(std::string_view utf8);
/// The English Snowball stem of a case-folded word.
[[nodiscard]] std::string english_stem(const std::string& word);
/// The numbers among them: a statement with another number is another statement.
[[nodiscard]] bool is_number(std::string_view unit);

}  // namespace twin::evaluation
