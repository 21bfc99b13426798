// What a reviewer decided about samples (`twin dataset review`): kept by sample, applied whenever a dataset is made.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/result.h"
#include "feature/datasets/datasets.h"

namespace twin::feature {

struct Decision {
  std::string sample_id;
  std::string verdict;                   ///< accept | reject | edit
  std::string question, answer;          ///< edit: what stands instead; empty: as it was
  std::string reason;                    ///< in the reviewer's words, may be empty
  std::string edited_id;                 ///< edit: the id of the sample that comes of it
  std::map<std::string, double> scores;  ///< of the sample when it was decided: what calibrate() learns from
};

/// By sample id; of several decisions about one sample the last holds. A file that is not there holds none; a line that
/// is no decision is ErrorKind::invalid with file:line.
[[nodiscard]] Result<std::map<std::string, Decision>> read_decisions(const std::filesystem::path& file);
/// Reads one decision of a `--decide` file: {"id","decision","question","answer","reason"}.
[[nodiscard]] Result<Decision> decision_from_json(const Json& json);
/// Appends one; it is on the disk when this returns.
[[nodiscard]] Result<void> add_decision(const std::filesystem::path& file, const Decision& decision);

/// Changes a sample as an edit says: the answer, and the question where it stands alone (not behind passages). Personal
/// data in the new text is masked unless dataset.pii is off. The sample is no author's text any more, its generator
/// says so; its id follows.
void edit_sample(Sample& sample, const Decision& decision, const DatasetConfig& config);

/// dataset.min_scores as numbers. Throws Fatal (usage) when one is none.
[[nodiscard]] std::map<std::string, double> score_limits(const DatasetConfig& config);

/// Removes what was rejected (reason `rejected_by_review`) and changes what was edited. Then removes samples that have
/// one of the scores of dataset.min_scores below its limit (`below_min_score`), unless they were accepted. Throws Fatal
/// when the file is malformed.
void apply_decisions(const std::filesystem::path& file, const DatasetConfig& config, std::vector<Sample>& samples,
                     std::vector<Rejection>& rejections);

struct Calibration {
  std::string score;               ///< "fit", "grounding" …
  int accepted = 0, rejected = 0;  ///< decisions that have it; edited ones were not good as they were: rejected
  double threshold = 0;            ///< samples at or above it are taken
  double precision = 0, recall = 0, f1 = 0;  ///< of "taken" for "accepted"
  double f1_of_all = 0;                      ///< when every sample is taken
};
/// For each score of which at least `fewest` decisions tell, some of either kind: the threshold among the values seen
/// with the best F1 for accepted samples, the lowest of equal ones.
[[nodiscard]] std::vector<Calibration> calibrate(const std::map<std::string, Decision>& decisions, int fewest);

}  // namespace twin::feature
