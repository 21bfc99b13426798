// What an index tells those who search it about its vectors (stores/index/centering.h).
#pragma once

#include "core/result.h"
#include "models/engines/engine.h"
#include "stores/index/index.h"

namespace twin::feature {

/// Passages of a language that its mean is taken of, at most and at least: with fewer, what their subjects share would
/// be taken for their language.
inline constexpr int centering_sample = 1000;
inline constexpr int centering_least = 100;

/// A model knows a language when, of the general questions in it, what each one says in other words is nearest to it:
/// the mean reciprocal rank of that (multilingual-e5-small 0.9 in both languages, an English model 0.2 in Korean, which
/// is chance).
inline constexpr double understood_from = 0.5;

/// Measures the centre of questions and which languages the model knows, unless the index has them, and the directions
/// of the languages from the index's passages: the same ones whenever it holds the same. Writes nothing when nothing
/// differs. Fails as the engine does; the index is searched as before then.
[[nodiscard]] Result<void> center_queries(models::EmbeddingEngine& embedder, stores::Index& index);

}  // namespace twin::feature
