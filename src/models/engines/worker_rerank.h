// Pairs of query and text scored by a worker that serves a cross-encoder.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "core/result.h"
#include "models/engines/engine.h"
#include "models/engines/worker_client.h"

namespace twin::models {

struct RerankWindow {
  int tokens = 0;               ///< of query, text and marks together
  std::filesystem::path model;  ///< for messages
};

/// One request for all texts (POST /v1/rerank), which are valid UTF-8. They are cut by whole characters until the pair
/// fits the window.
[[nodiscard]] Result<std::vector<double>> rerank_pairs(WorkerClient& client, Tokenizer& tokenizer,
                                                       const RerankWindow& window, const std::string& query,
                                                       const std::vector<std::string>& texts,
                                                       const std::stop_token& stop);

/// The longest beginning of `text` that has at most so many tokens, within one part in sixteen; may be empty.
[[nodiscard]] Result<std::string> fit_tokens(Tokenizer& tokenizer, const std::string& text, int tokens);

}  // namespace twin::models
