// Questions that ask for a passage in other words than its own, by a chat model; what it writes is checked.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "core/result.h"
#include "models/engines/engine.h"

namespace twin::evaluation {

struct ParaphraseRules {
  double max_overlap = 0.2;  ///< share of the question's content words that the passage may hold
  int attempts = 2;          ///< per passage, each with another seed
  int max_tokens = 64;       ///< of an answer
};

/// Share of the question's content words (content_units()) that the passage holds, too; 1 for a question without any.
[[nodiscard]] double word_overlap(std::string_view question, std::string_view passage);

struct Paraphrase {
  std::string question;  ///< empty: no attempt gave one
  std::string refused;   ///< why the last attempt was of no use: length | no question | language | words of the passage
};

/// The first line of the model's answer that is a question in the passage's language, 3 to 40 words, with few of its
/// words. The engine's error where it fails. Whether the passage answers the question is for the model to know: a small
/// one writes beside the point. The prompts are prompts/paraphrase.en.txt and .ko.txt.
[[nodiscard]] Result<Paraphrase> paraphrase(models::ChatEngine& chat, std::string_view passage,
                                            const ParaphraseRules& rules, std::int64_t seed,
                                            const std::stop_token& stop);

}  // namespace twin::evaluation
