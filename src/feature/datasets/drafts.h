// Drafts: answers of every document, before questions are chosen and duplicates removed.
#pragma once

#include <string>
#include <vector>

#include "feature/datasets/answers.h"
#include "feature/datasets/datasets.h"
#include "feature/datasets/questions.h"
#include "stores/warehouse/document.h"

namespace twin::feature {

struct Draft {
  Sample sample;    ///< answer and provenance; no prompt yet
  Subject subject;  ///< what to ask about
  /// Another way to ask when nothing else is left: quote the answer's own first sentence, answer with the rest.
  std::string opening;            ///< empty: the rest would be too short
  std::size_t after_opening = 0;  ///< byte of the prose view where that rest begins
};

/// Cuts a document into drafts; what is in none of them is added to `rejections`. `vocabulary` is that of the author's
/// whole work.
[[nodiscard]] std::vector<Draft> make_drafts(const stores::Document& document, const DatasetRules& rules,
                                             const DatasetConfig& config, const Vocabulary& vocabulary,
                                             std::vector<Rejection>& rejections);

}  // namespace twin::feature
