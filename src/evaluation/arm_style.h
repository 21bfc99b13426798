// Style of the arms: all answers of an arm taken together, against the author's held-out text.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evaluation/evaluation.h"
#include "evaluation/style.h"

namespace twin::evaluation {

/// The profile is made of the author's held-out passages except the sources of the questions, one per language. The
/// author's own answers are measured against it too: theirs is the distance that a twin can reach at best, and the unit
/// of style_distance. For each question, all texts are cut to the length of the shortest, so that every arm is measured
/// on as much text as the others.
class ArmStyle {
 public:
  ArmStyle(const std::vector<feature::Sample>& held_out, const EvalReport& report, const EvalConfig& config);

  /// style_distance, style_words and style_chars of an arm; too short answers go into `notes`.
  [[nodiscard]] std::map<std::string, Estimate> of_arm(std::size_t arm, std::vector<Error>& notes) const;
  [[nodiscard]] std::map<std::string, Estimate> of_author() const;
  /// Difference of two arms on the questions that both answered.
  [[nodiscard]] std::map<std::string, Estimate> difference(std::size_t first, std::size_t second) const;

  /// style_distance of two texts on a question, both cut to the length of the shorter; nothing when it has fewer than
  /// style_min_words, or when there is too little other text of the author in the question's language.
  [[nodiscard]] std::optional<std::pair<double, double>> distances(const Question& question, std::string_view first,
                                                                   std::string_view second) const;

 private:
  using Counts = std::vector<double>;
  struct Profile {
    std::optional<StyleProfile> style;
    std::size_t offset = 0;  ///< of its counts in the counts of all languages
  };
  [[nodiscard]] std::size_t common_length(std::size_t q) const;
  [[nodiscard]] std::optional<Counts> count(std::size_t q, const std::string& text) const;
  [[nodiscard]] Counts count_words(const Profile& profile, const std::string& plain, std::size_t length) const;
  [[nodiscard]] std::optional<StyleDistance> distance(std::span<const double> sums) const;
  [[nodiscard]] double value(const std::string& metric, std::span<const double> sums) const;
  [[nodiscard]] std::map<std::string, Estimate> estimate(
      const std::vector<Observation>& observations,
      const std::function<double(const std::string& metric, std::span<const double> sums)>& value) const;

  const EvalReport& report_;
  const EvalConfig& config_;
  std::map<std::string, Profile> profiles_;               ///< by language
  std::size_t size_ = 0;                                  ///< numbers of all profiles
  std::vector<std::optional<Counts>> author_;             ///< by question
  std::vector<std::vector<std::optional<Counts>>> arms_;  ///< by arm and question
  std::optional<StyleDistance> floor_;                    ///< of the author's own answers
};

}  // namespace twin::evaluation
