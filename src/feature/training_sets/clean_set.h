// The quality pipeline of datasets on any training set, in a stream: rules, duplicates, decontamination, personal data.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/progress.h"
#include "feature/datasets/datasets.h"
#include "feature/samples/steps.h"
#include "feature/training_sets/set_reader.h"

namespace twin::feature {

struct CleanSetJob {
  std::vector<std::filesystem::path> files;  ///< read one after the other
  std::filesystem::path held_out;            ///< an evaluation set that no line may share text with; empty: none
  std::filesystem::path out;                 ///< what is kept, as `twin train` takes it; .parquet: as Parquet
};

struct CleanSetReport {
  std::int64_t read = 0, kept = 0, masked = 0;  ///< examples
  std::map<std::string, int> reasons;           ///< why examples were removed → n
  std::map<std::string, int> personal;          ///< kind of personal data → n found
  std::vector<StepCount> steps;
  std::int64_t held_out_ngrams = 0;
};

/// Files beside `out`: OUT.rejected.jsonl names each line removed with its reason, OUT.pii.jsonl each finding with its
/// place and kind. Duplicates are judged by question and answer together, of equal ones the first stays. Memory: about
/// 1 KB for an example kept and 40 bytes for an n-gram held out, whatever the length of the texts. Fails with the
/// first malformed line; all three files appear at the end or not at all.
[[nodiscard]] Result<CleanSetReport> clean_set(const DatasetConfig& config, const CleanSetJob& job,
                                               ProgressSink& progress, const std::stop_token& stop);

}  // namespace twin::feature
