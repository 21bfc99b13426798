// Meaning: strategy "semantic", sentences that stay together until what they are about changes.
#pragma once

#include <vector>

#include "core/result.h"
#include "feature/chunk/chunk.h"
#include "feature/chunk/pack.h"
#include "feature/chunk/units.h"

namespace twin::feature {

/// How far meaning moves between neighbours.
struct Steps {
  std::vector<std::vector<double>> of;  ///< by section; of[s][i], 0 to 2: from unit i to i + 1. Empty: not to be cut
  double threshold = 0;                 ///< a step above it ends a passage
};

/// 1 - cosine of the vectors of neighbouring units, each embedded with up to `context_sentences` units of its section
/// on each side, as many as `window` tokens hold. The threshold is the percentile of all steps of the document (nearest
/// rank). Sections of less than 2 * least tokens are not cut, so not embedded. One call of `embed` at most.
[[nodiscard]] Result<Steps> meaning_steps(const ProseView& prose, const std::vector<std::vector<Unit>>& sections,
                                          const SemanticRules& rules, int least, int window, const EmbedTexts& embed);

/// Groups of at most `capacity` tokens that end at steps above the threshold. Where none is in reach, the group ends at
/// the largest step that leaves it at least a quarter full; ties at the first. Groups below `least` tokens go on over a
/// step; one at the end joins the group before, or takes from it as in pack().
[[nodiscard]] std::vector<Group> pack_by_meaning(const std::vector<Unit>& units, const std::vector<double>& steps,
                                                 double threshold, int capacity, int least);

}  // namespace twin::feature
