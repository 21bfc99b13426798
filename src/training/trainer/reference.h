// What preference methods need to know before the first step: log-probabilities under the reference model, once.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "training/trainer/objective.h"

namespace twin::training {

/// Gives each judged sample a mismatched answer, that of the next sample in the file (Ethayarajh et al. 2024, section
/// 4.1). Throws Fatal when all samples have the same answer or there is one sample only.
void mismatch_answers(std::vector<EncodedSample>& samples, const std::filesystem::path& data);

/// Fills Sequence::reference of every sequence, from the cache file when it is valid for `key`. The model's adapter
/// must still be at its start, where B is zero and the model is the reference. Of several processes, each scores a part
/// and rank 0 reads and writes the cache.
void score_references(std::vector<EncodedSample>& samples, const Objective& objective, World& world,
                      const std::filesystem::path& cache, const std::string& key,
                      const std::function<void(std::int64_t done, std::int64_t total)>& progress);

}  // namespace twin::training
