// What a generator asks a model: kept reply by reply, paced, counted and paid for.
#pragma once

#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "feature/datasets/answer_log.h"
#include "feature/datasets/datasets.h"

namespace twin::feature {

struct CallCounts {
  std::int64_t asked = 0;   ///< requests answered by the model
  std::int64_t kept = 0;    ///< answered by what an earlier run kept
  std::int64_t input = 0;   ///< tokens sent, as the server counts them
  std::int64_t output = 0;  ///< tokens received
  double cost = 0;          ///< by the prices of the configuration
};

/// Thread-safe.
class ModelCalls {
 public:
  /// `tools.engine` must not be null. References must outlive it.
  ModelCalls(const DatasetConfig& config, const GeneratorTools& tools, AnswerLog log, std::stop_token stop,
             Clock& clock = system_clock());

  /// The reply of the model, or the kept one of an earlier run. `version` names the prompt: another version is another
  /// question. Errors cost one item: cancelled, or what the engine says; dataset.give_up_after of them in a row throw
  /// Fatal, and so does a run that has cost more than it may.
  [[nodiscard]] Result<Reply> ask(std::string_view version, models::ChatRequest request);
  /// Whether ask() would need no model.
  [[nodiscard]] bool is_kept(std::string_view version, const models::ChatRequest& request);
  [[nodiscard]] CallCounts counts();

 private:
  [[nodiscard]] std::string key_of(std::string_view version, const models::ChatRequest& request) const;
  [[nodiscard]] Result<models::ChatResult> chat(const models::ChatRequest& request);
  void wait_for_turn();
  void keep(const std::string& key, const Reply& reply, const models::ChatRequest& request, const models::Usage& usage);
  void count_failure(const Error& error);

  const DatasetConfig& config_;
  const GeneratorTools& tools_;
  std::stop_token stop_;
  Clock& clock_;
  std::mutex mutex_;
  AnswerLog log_;
  CallCounts counts_;
  int failed_in_a_row_ = 0;
  double next_turn_ = 0;  // monotonic
};

/// What a request and an answer of so many tokens cost, by the prices of the configuration.
[[nodiscard]] double cost_of(const GenerateConfig& config, std::int64_t input, std::int64_t output);
/// Tokens of the messages of a request, as GeneratorTools::tokens counts them.
[[nodiscard]] std::int64_t prompt_tokens(const GeneratorTools& tools, const models::ChatRequest& request);

}  // namespace twin::feature
