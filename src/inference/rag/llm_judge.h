// The chat model as reranker: yes or no to each passage, or an order of all of them.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "inference/rag/rerank.h"
#include "models/engines/worker.h"

namespace twin::inference {

/// What a judge asks. References outlive it.
struct JudgeEngines {
  models::ChatEngine& chat;
  models::Tokenizer& tokenizer;
  /// The n most likely tokens after a prompt (Worker::next_token()).
  std::function<Result<std::vector<models::Worker::TokenProbability>>(const std::vector<int>& prompt, int n)>
      next_token;
};

/// Which of two words a chat model would begin its reply with. Thread-safe.
class WordOdds {
 public:
  using Spellings = std::vector<std::string>;  ///< "yes", "Yes", " yes" …: what may begin the reply
  WordOdds(JudgeEngines engines, Spellings first, Spellings second)
      : engines_(std::move(engines)), first_(std::move(first)), second_(std::move(second)) {}
  /// The log-odds of the first word against the second as next token after the prompt as the user's message; nothing
  /// when neither is among the likely ones. A prompt beyond the context is ErrorKind::limit.
  [[nodiscard]] Result<std::optional<double>> ask(const std::string& prompt);

 private:
  struct Tokens {
    std::set<int> first, second;
  };
  [[nodiscard]] Result<std::set<int>> first_tokens(const Spellings& spellings);
  [[nodiscard]] Result<Tokens> tokens();

  JudgeEngines engines_;
  Spellings first_, second_;
  std::mutex mutex_;
  std::optional<Tokens> known_;
};

/// Of a chat worker that outlives it, without its adapter.
[[nodiscard]] JudgeEngines judge_engines(models::Worker& chat);

/// Pointwise: the log-odds of "yes" against "no" as next token after prompts/rerank.pointwise.<language>.txt (Nogueira
/// et al., "Document Ranking with a Pretrained Sequence-to-Sequence Model", 2020, for chat models). The language is the
/// question's, English or Korean. A model that would say neither is ErrorKind::invalid.
[[nodiscard]] std::shared_ptr<Reranker> make_pointwise_judge(JudgeEngines engines, int passage_bytes);

/// Listwise: one reply with all numbers in order, after prompts/rerank.listwise.<language>.txt (Sun et al., "Is ChatGPT
/// Good at Search?", 2023). Passages are cut further where they do not fit the context. A reply that is no permutation
/// is ErrorKind::invalid.
[[nodiscard]] std::shared_ptr<Reranker> make_listwise_judge(JudgeEngines engines, int passage_bytes);

/// The one of them that `rerank_llm` names, over a chat worker that outlives it. The adapter is left out: it was
/// trained to write, not to judge.
[[nodiscard]] std::shared_ptr<Reranker> make_llm_judge(models::Worker& chat, const RetrievalConfig& config);

/// "[2] > [1] > [3]", of the numbers 1 to n, each once, white space anywhere between: positions 0 to n - 1, best first.
[[nodiscard]] Result<std::vector<std::size_t>> read_permutation(std::string_view reply, std::size_t n);

}  // namespace twin::inference
