// Diversity of a training set: its answers as vectors, in groups, with names.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "core/progress.h"
#include "evaluation/corpus/corpus_map.h"
#include "feature/embed/build_index.h"
#include "feature/training_sets/set_diversity.h"
#include "models/engines/engine.h"

namespace twin::evaluation {

/// As `twin index map` groups passages: principal components, k-means with the number of groups that parts them best,
/// words by class-based tf-idf. Answers longer than the model's window are cut for their vectors, not for the words.
/// Of more than config.max_points those with the smallest hash are measured. Empty answers are left out. Same answers
/// in the same order, same result. Throws Fatal when the engine fails, or there is no answer.
[[nodiscard]] feature::SetDiversity measure_diversity(const MapConfig& config, const feature::EmbedConfig& embedding,
                                                      const std::vector<std::string>& answers,
                                                      models::EmbeddingEngine& engine, ProgressSink& progress,
                                                      const std::stop_token& stop);

}  // namespace twin::evaluation
