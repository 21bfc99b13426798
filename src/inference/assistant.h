// The assistant: one question in, one cited answer out; what `twin ask`, `twin chat` and the gateway call.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "inference/query/understand.h"
#include "inference/rag/rag.h"
#include "inference/rag/search.h"
#include "models/engines/engine.h"
#include "stores/index/index.h"
#include "stores/runs/runs.h"

namespace twin::inference {

/// Which of the served models: "twin" (adapter and retrieval), "twin:no-rag", "base", "base:rag".
struct Variant {
  bool adapter = true;
  bool retrieval = true;
};
[[nodiscard]] Result<Variant> parse_variant(const std::string& model);
/// The names served.
[[nodiscard]] const std::vector<std::string>& variant_names();

struct AskRequest {
  std::vector<models::Message> messages;
  std::string model = "twin";
  int max_tokens = 256;
  double temperature = 0.0;
  double top_p = 1.0;
  std::int64_t seed = 0;
  double repeat_penalty = 1.1;  ///< small models repeat themselves without one
  std::vector<std::string> stop;
  int k = 0;                              ///< passages; 0: by configuration
  std::optional<QueryConfig> query = {};  ///< what happens to the question before the search; by configuration
  bool reuse_prefix = true;               ///< as in models::ChatRequest; false in evaluations
  bool prompt_only = false;               ///< nothing is generated: Answer::prompt is what the model would be given
  std::stop_token cancel;
};

struct Answer {
  std::string text;
  std::vector<Citation> citations;
  std::vector<Passage> passages;        ///< what the model was given
  std::vector<models::Message> prompt;  ///< when only that was asked for: whole, before the chat template
  std::string model;
  std::string finish_reason;
  models::Usage usage;
  std::optional<Coverage> coverage;  ///< whether the corpus answers; none: not looked at
  bool declined = false;             ///< `text` says that the corpus does not answer (retrieval.not_covered: say)
  /// From the question to the assembled prompt; to the first token; to the end.
  double retrieve_ms = 0, first_token_ms = 0, total_ms = 0;
  std::string trace_id;
};
/// [{"role","content"}…], as OpenAI's API has them.
[[nodiscard]] Json to_json(const std::vector<models::Message>& messages);
/// {"prompt_tokens","completion_tokens","total_tokens"}
[[nodiscard]] Json to_json(const models::Usage& usage);
/// The interface of `twin ask --json`, with finish_reason, passages, trace_id, coverage and, when asked for, prompt
/// behind the fixed keys.
[[nodiscard]] Json to_json(const Answer& answer);

/// Thread-safe. References outlive it. Writes one trace per question when `runs` is given.
/// A question without passages in the index is answered without them, and without citations; one that the index does
/// not seem to answer is told so, where the configuration wants it.
class Assistant {
 public:
  struct Parts {
    stores::Index& index;
    models::EmbeddingEngine& embedder;
    models::ChatEngine& chat;
    models::Tokenizer& tokenizer;  ///< of the chat model
    stores::Runs* runs = nullptr;
    bool has_adapter = false;
    Rerankers rerankers = {};                               ///< those at hand, whichever the configuration names
    Answerability answerability = uncalibrated();           ///< decides whether the corpus answers
    std::function<std::vector<stores::User>()> users = {};  ///< who wrote, for filters that a question speaks of
  };
  Assistant(RetrievalConfig config, Parts parts);
  /// on_delta receives the raw text as it is generated (marks are added in the final Answer); false stops generation
  /// (finish_reason "cancelled"). A worker that restarts is asked once more as long as no text has come.
  /// Errors: not_found (unknown model), usage (no question), limit (the prompt does not fit the context), cancelled,
  /// and those of the engines.
  [[nodiscard]] Result<Answer> ask(const AskRequest& request,
                                   const std::function<bool(std::string_view)>& on_delta = {});

  /// Passages for a question, as ask() finds them, and how they were found; `config` is that of config() with what the
  /// request wants otherwise.
  [[nodiscard]] Result<Found> find(const SearchRequest& request, const RetrievalConfig& config);
  [[nodiscard]] const RetrievalConfig& config() const { return config_; }
  /// The passages alone.
  [[nodiscard]] Result<std::vector<Passage>> search(const std::string& query, int k,
                                                    const stores::IndexFilter& filter = {});

 private:
  struct Retrieved;
  [[nodiscard]] Result<Retrieved> retrieve(const AskRequest& request, const Variant& variant, class Trace& trace);
  [[nodiscard]] Result<QueryPlan> plan(const AskRequest& request);
  /// Says, in the question's language, that the corpus does not answer it.
  [[nodiscard]] Result<Answer> decline(Answer answer, const AskRequest& request, class Trace& trace,
                                       const std::function<bool(std::string_view)>& on_delta);
  [[nodiscard]] SearchTools tools(const RetrievalConfig& config) const;

  RetrievalConfig config_;
  Parts parts_;
};

}  // namespace twin::inference
