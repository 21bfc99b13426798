// Words that say what a text is about, fit to be shown: "packages", "국회도서관".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace twin::evaluation {

struct TopicWord {
  std::string key;    ///< equal for the forms of one word: the English stem, the Korean word without its particle
  std::string shown;  ///< as in the text, case-folded; Korean without its particle
};

/// Without function words, numbers, single letters and syllables, Korean verbs and adjectives. A particle is taken off
/// only where the corpus shows that the rest is a word: it stands alone somewhere, or with another particle. So 의 of
/// 민주주의 stays, once 민주주의를 was seen. Same texts in any order, same words.
class TopicWords {
 public:
  /// Sees how Korean words of a text end. All texts first, then of().
  void learn(std::string_view utf8);
  /// In order, repeated as often as they occur.
  [[nodiscard]] std::vector<TopicWord> of(std::string_view utf8) const;

 private:
  [[nodiscard]] std::string_view korean_stem(std::string_view word) const;

  std::unordered_map<std::string, std::uint64_t> endings_;  // of a stem: bit 0 alone, bit n with particle n
};

}  // namespace twin::evaluation
