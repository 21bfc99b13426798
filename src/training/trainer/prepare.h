// What training and scoring do first: threads, base model, tokenized samples.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "training/trainer/samples.h"
#include "training/trainer/trainer.h"
#include "training/trainer/weights.h"

namespace twin::training {

void use_threads(int threads);
/// "bf16" or "f32" for any dtype of a job: what "auto" means on this machine.
[[nodiscard]] std::string resolve_dtype(const std::string& dtype);
[[nodiscard]] at::ScalarType scalar_type(const std::string& dtype);
void emit(const Hooks& hooks, const Json& event);
[[nodiscard]] bool stop_requested(const Hooks& hooks);
/// Processor time of this process so far, all threads.
[[nodiscard]] double cpu_seconds();
/// Resident memory of this process now, in bytes.
[[nodiscard]] std::uint64_t resident_memory();
/// Largest resident memory of this process so far.
[[nodiscard]] std::uint64_t peak_rss();

/// Samples tokenized by the base model's own tokenizer, through a cache in `cache_folder` named after what they depend
/// on. `check` sees each sample before tokenizing. Throws Fatal; an empty dataset is one.
[[nodiscard]] std::vector<EncodedSample> load_samples(const std::filesystem::path& data, const GgufReader& base,
                                                      const std::string& base_sha256,
                                                      const std::filesystem::path& cache_folder, const Hooks& hooks,
                                                      const std::function<void(const Sample&)>& check = {});

/// The same for samples that are read already: `content` names them all, `data` is what errors name.
[[nodiscard]] std::vector<EncodedSample> tokenize_samples(const std::vector<Sample>& samples,
                                                          const std::string& content, const std::filesystem::path& data,
                                                          const GgufReader& base, const std::string& base_sha256,
                                                          const std::filesystem::path& cache_folder,
                                                          const Hooks& hooks);

}  // namespace twin::training
