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
// Stylometry needs a thousand words or more; single answers of a small model are far shorter, and by chance alone far
// from any profile. So the answers of an arm are taken together: counts() of texts can be added up, and distance() is
// taken of the sums.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace twin::evaluation {

struct StyleDistance {
  double words = 0;  ///< Burrows's Delta, in deviations between the author's passages
  double chars = 0;  ///< cosine distance, 0 to 1
};

/// The style of one author in one language.
class StyleProfile {
 public:
  /// From passages of the author. Nothing when they hold too little text (fewer than two passages or 200 words).
  [[nodiscard]] static std::optional<StyleProfile> make(const std::vector<std::string>& passages, bool korean);

  /// How many numbers counts() gives.
  [[nodiscard]] std::size_t size() const { return 1 + words_.size() + ngrams_.size(); }
  /// What a text holds of the profile's features: number of words, then of each feature. Additive.
  [[nodiscard]] std::vector<double> counts(std::string_view utf8) const;
  /// Of the summed counts of texts; nothing when they hold no word.
  [[nodiscard]] std::optional<StyleDistance> distance(std::span<const double> counts) const;

 private:
  struct Feature {
    std::string name;
    double mean = 0;       ///< relative frequency in the author's passages
    double deviation = 0;  ///< between passages; words only
  };
  bool korean_ = false;
  std::vector<Feature> words_, ngrams_;
};

}  // namespace twin::evaluation
