// Style distances of the answers to held-out questions, at equal length, as multiples of the author's own distance.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "evaluation/evaluation.h"
#include "evaluation/style.h"

namespace twin::evaluation {

/// For each question the profile is made of the author's other held-out documents in its language: an answer that
/// repeats the question's own source must not look like the author for its topic's sake. All arms' answers and the
/// author's own are cut to the shortest of them.
class QuestionStyle {
 public:
  QuestionStyle(const std::vector<feature::Sample>& held_out, const EvalReport& report, const EvalConfig& config);

  /// Of arm `a`'s answer to question `q`; nothing, with a note, when it is too short.
  [[nodiscard]] std::optional<StyleDistance> of_answer(std::size_t q, std::size_t a, std::vector<Error>& notes) const;
  /// Mean of both distances, each divided by the author's own: 1 is as close as the author.
  [[nodiscard]] std::optional<double> relative(std::size_t q, const StyleDistance& distance) const;
  /// The same measures of the author's own answers.
  [[nodiscard]] std::map<std::string, Estimate> author() const;

 private:
  struct PerQuestion {
    std::optional<StyleProfile> profile;
    std::size_t words = 0;  ///< length at which the texts are compared; 0: none is long enough
    std::optional<StyleDistance> author;
  };
  void set_length(std::size_t q);
  void set_floors();
  [[nodiscard]] std::optional<StyleDistance> measure(std::size_t q, const std::string& text) const;

  const EvalReport& report_;
  const EvalConfig& config_;
  std::vector<PerQuestion> questions_;
  std::map<std::string, StyleDistance> floors_;  ///< language → mean distance of the author's own texts
};

}  // namespace twin::evaluation
