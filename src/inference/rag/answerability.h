// Does the corpus answer a question at all? Decided from what the retrievers' scores show of it, so that a question
// about something else is told so instead of being answered from passages that only look alike.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "inference/rag/rag.h"
#include "stores/index/index.h"

namespace twin::inference {

/// Bump when the evidence changes: what was calibrated before is refused.
inline constexpr int evidence_version = 2;

/// What a search shows.
struct Evidence {
  int candidates = 0;            ///< passages found; 0: nothing at all
  double coverage = 0;           ///< largest share of the question's content words, by rarity, in one of them
  std::optional<double> cosine;  ///< the highest, of the question as it was compared; none: the vectors were not asked

  /// One value for each of evidence_names(); none where a retriever was not asked.
  [[nodiscard]] std::vector<std::optional<double>> row() const;
};
[[nodiscard]] const std::vector<std::string>& evidence_names();

/// `passages`: all candidates of the index, with `parts`; their texts are not read.
[[nodiscard]] Evidence evidence_of(stores::Index& index, const std::string& query,
                                   const std::vector<Passage>& passages);

/// A logistic model of the evidence: how likely the corpus answers.
struct Answerability {
  int version = 0;          ///< evidence_version it was calibrated with
  std::string index_model;  ///< IndexModel::hash of the index: other vectors have other cosines; "": of any
  std::vector<double> weights, mean, scale;  ///< one a column; what is missing counts as its mean
  double bias = 0;
  double threshold = 0;                    ///< below this probability: not covered
  int answerable = 0, unanswerable = 0;    ///< questions it was calibrated with
  std::map<std::string, double> measured;  ///< by cross-validation, for people

  /// 0 to 1; 0 where nothing was found.
  [[nodiscard]] double probability(const Evidence& evidence) const;
};

/// The one of indexes that were not calibrated: covered is what shares a fifth of its words with a passage. Cosines
/// mean something else for every model, and how far the best one stands out tells nothing (bench/retrieval).
[[nodiscard]] const Answerability& uncalibrated();

/// The decision on one question.
struct Coverage {
  bool covered = true;
  double probability = 1, threshold = 0;
  bool calibrated = false;  ///< on this corpus
  Evidence evidence;
};
[[nodiscard]] Coverage decide(const Answerability& model, const Evidence& evidence);
[[nodiscard]] Json to_json(const Coverage& coverage);
/// One line for people: the probability, the threshold and the evidence.
[[nodiscard]] std::string to_text(const Coverage& coverage);

[[nodiscard]] Json to_json(const Answerability& model);
/// Where the calibration of an index lies below a project's state: one file for each embedding model.
[[nodiscard]] std::filesystem::path answerability_file(const std::filesystem::path& state,
                                                       const std::string& index_model);
[[nodiscard]] Result<void> save_answerability(const Answerability& model, const std::filesystem::path& file);
/// uncalibrated() where there is no file. A file that is damaged, or of another index or version, is
/// ErrorKind::invalid.
[[nodiscard]] Result<Answerability> load_answerability(const std::filesystem::path& file,
                                                       const std::string& index_model);

}  // namespace twin::inference
