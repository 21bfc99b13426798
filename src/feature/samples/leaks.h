// Contaminated training samples out of a dataset.
#pragma once

#include <memory>
#include <vector>

#include "feature/datasets/datasets.h"
#include "feature/overlap/decontaminate.h"

namespace twin::feature {

/// Removes training samples whose question or answer shares an n-gram with an answer of the validation or test split,
/// or with a benchmark of dataset.decontaminate; adds them to the report's rejections. Returns what is held out, for
/// the passages of RAG samples; nullptr when dataset.decontaminate_words is 0. Throws Fatal when a benchmark file
/// cannot be read.
std::unique_ptr<Decontaminator> remove_leaks(std::vector<Sample>& samples, const DatasetConfig& config,
                                             DatasetReport& report);

}  // namespace twin::feature
