// README.md of a merged model.
#pragma once

#include <string>

#include "models/merge/merge.h"

namespace twin::models {

struct MergeCard {
  const MergeRequest& request;
  const MergeResult& result;
  std::string name, base_sha256, adapter_sha256;
};

/// Model card with Hugging Face's front matter: what it was made of, the licence, what could not be carried over, and
/// the card of the training run.
[[nodiscard]] std::string merge_card(const MergeCard& card);

}  // namespace twin::models
