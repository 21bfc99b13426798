// How close a text is to an author's style: function words and character n-grams against the author's own texts.
//
// - Words: Burrows's Delta (J. Burrows, "'Delta': a Measure of Stylistic Difference and a Guide to Likely Authorship",
//   Literary and Linguistic Computing 17(3), 2002): mean absolute z-score of the frequencies of function words, here
//   against mean and deviation over the author's passages. Korean has no function words of its own: the particles and
//   verb endings of its eojeols take their place.
// - Characters: cosine distance between profiles of frequent character n-grams (V. Kešelj et al., "N-gram-based Author
//   Profiles for Authorship Attribution", PACLING 2003; the cosine by P. Smith and W. Aldridge, "Improving Authorship
//   Attribution: Optimizing Burrows' Delta Method", Journal of Quantitative Linguistics 18(1), 2011). Trigrams, for
//   Korean pairs of syllables.
//
// Short texts are far from any profile by chance alone. So texts are compared at the same length, and distances are
// given as multiples of the distance at which the author's own passages lie: 1.0 is as close as the author.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace twin::evaluation {

struct StyleDistance {
  double words = 0;  ///< Burrows's Delta, about 0.8 for the author
  double chars = 0;  ///< cosine distance, 0 to 1
};

/// The style of one author in one language.
class StyleProfile {
 public:
  /// From passages of the author. Nothing when they hold too little text (fewer than two passages or 200 words).
  [[nodiscard]] static std::optional<StyleProfile> make(const std::vector<std::string>& passages, bool korean);

  /// Of a text with at least one word; nothing otherwise.
  [[nodiscard]] std::optional<StyleDistance> distance(std::string_view utf8) const;

 private:
  struct Feature {
    std::string name;
    double mean = 0;       ///< relative frequency in the author's passages
    double deviation = 0;  ///< between passages
  };
  bool korean_ = false;
  std::vector<Feature> words_;
  std::map<std::string, double, std::less<>> chars_;  ///< n-gram → relative frequency
  double chars_norm_ = 0;
};

}  // namespace twin::evaluation
