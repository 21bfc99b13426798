// A second look at the best passages of a search, by something that reads question and passage together.
#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "inference/rag/rag.h"

namespace twin::inference {

/// Thread-safe.
class Reranker {
 public:
  virtual ~Reranker() = default;
  /// One score a passage, in order, higher is better; the scale is the reranker's own. An error leaves the order as it
  /// was. `stop`: the time is up, or the question was withdrawn; the error that follows is not looked at.
  [[nodiscard]] virtual Result<std::vector<double>> score(const std::string& query,
                                                          const std::vector<Passage>& passages,
                                                          const std::stop_token& stop) = 0;
  /// Passages of one call, so that the time is looked at in between; 0: all at once, because they are compared.
  [[nodiscard]] virtual std::size_t batch() const { return 0; }
};

/// By the value of `retrieval.rerank` that asks for it.
using Rerankers = std::map<std::string, std::shared_ptr<Reranker>>;

/// The values of `retrieval.rerank`: off, cross-encoder, llm, learned.
[[nodiscard]] const std::vector<std::string>& rerank_names();

/// What became of it.
struct RerankReport {
  std::string name;  ///< "off": nothing was ranked anew
  int candidates = 0, judged = 0;
  double milliseconds = 0;
  bool out_of_time = false;
  std::string problem;  ///< why the order stayed as it was; empty when it did not
};
[[nodiscard]] Json to_json(const RerankReport& report);
/// One line for people; empty when it is off.
[[nodiscard]] std::string to_text(const RerankReport& report);

/// Ranks the first `rerank_candidates` passages anew, which are in the order of `fused`. Those judged come first, by
/// the reranker's score (mixed with `fused` where `rerank_weight` is below 1, both as z-scores); those that the time
/// did not suffice for follow in their old order. Sets `reranked` and `score`, which falls along the new order.
RerankReport rerank_passages(Reranker& reranker, const std::string& query, const RetrievalConfig& config,
                             const std::stop_token& cancel, std::vector<Passage>& passages);

}  // namespace twin::inference
