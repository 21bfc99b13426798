// Understanding a question: from a conversation to what is searched for and where.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "inference/query/query_config.h"
#include "models/engines/engine.h"
#include "stores/index/index.h"
#include "stores/warehouse/document.h"

namespace twin::inference {

/// What one step did, for traces and `--explain`.
struct QueryStep {
  std::string name;                ///< rewrite | variants | hyde | decompose | translate | filters
  std::string outcome;             ///< "used", "not needed", or why what the model said was of no use
  std::vector<std::string> texts;  ///< what it made
  double milliseconds = 0;
};

/// What is searched for. Every text is valid UTF-8.
struct QueryPlan {
  std::string question;               ///< stands alone
  std::vector<std::string> wordings;  ///< of the whole question, itself first; their rankings are fused
  std::vector<std::string> parts;     ///< questions that each want passages of their own; empty: there is one only
  std::vector<std::string> passages;  ///< hypothetical ones, whose vectors join the question's
  stores::IndexFilter filter;         ///< read off the question; given up where it leaves nothing
  stores::IndexFilter required = {};  ///< what the request itself asks for: never given up, and it wins
  std::vector<QueryStep> steps = {};
};

/// What understanding may look at. References outlive the call.
struct QueryContext {
  const QueryConfig& config;
  models::ChatEngine* chat = nullptr;      ///< null: steps that need a model say so and do nothing
  const stores::IndexFacets& facets;       ///< what filters may name
  const std::vector<stores::User>& users;  ///< names of facets.author_ids
  UnixMillis now = 0;                      ///< what "last year" is counted from
  std::stop_token cancel;
};

/// The last question of a conversation with the one before it in front when it is too short to stand alone ("and in
/// Korean?"); empty without a question.
[[nodiscard]] std::string search_query(const std::vector<models::Message>& conversation);

/// Runs the steps that are on, in the order rewrite, filters, decompose, variants, translate, hyde. Whatever a model
/// says is checked and never trusted: a reply of no use leaves the question as it is, and its step says why. Errors: a
/// prompt file that cannot be read, a request that was withdrawn.
///
/// Multi-query: Rackauckas 2024 (RAG-Fusion). HyDE: Gao et al. 2022. Decomposition: Press et al. 2022 (self-ask).
[[nodiscard]] Result<QueryPlan> understand(const std::vector<models::Message>& conversation,
                                           const QueryContext& context);

}  // namespace twin::inference
