// What is taken out of a question's vector before it is compared with those of passages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace twin::stores {

/// Vectors of an embedding model share a large part, whatever the text says ("All-but-the-Top", Mu and Viswanath, ICLR
/// 2018), and lie apart by language: a question is nearer to passages of its own language than to those that answer it
/// (LAReQA, Roy et al., EMNLP 2020). Both are taken from the question alone, so that the index stays as it is: a part
/// that the question lacks adds nothing to any passage's score.
struct QueryCentering {
  int version = 0;            ///< of the questions that the centre was measured with; 0: nothing was measured
  std::vector<float> centre;  ///< the mean vector of questions about anything, in the languages that the model knows
  /// Orthonormal, each of `dimension` floats: together they span how the means of the languages' passages differ. None
  /// where the corpus has one language.
  std::vector<std::vector<float>> directions;
  /// Of the languages that were measured those in which the model does not tell what is asked (ISO 639-1).
  std::vector<std::string> not_understood;
  friend bool operator==(const QueryCentering&, const QueryCentering&) = default;
};

/// As the stores keep it: exact to the bit.
[[nodiscard]] std::string to_text(const QueryCentering& centering);
/// Nothing measured where the text is none of to_text() for vectors of this dimension: it is measured anew then.
[[nodiscard]] QueryCentering centering_from(std::string_view text, int dimension);

}  // namespace twin::stores
