// A language model as judge of pairs: asked for one letter, A or B, in both orders.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "evaluation/preference/preference.h"
#include "inference/rag/llm_judge.h"
#include "models/engines/engine.h"

namespace twin::evaluation {

/// Above 0: the letter A, below: B. The log-odds where the model's probabilities are at hand, else 1 or -1. A model
/// that says neither is ErrorKind::invalid, a prompt beyond its context ErrorKind::limit.
using AskLetter = std::function<Result<double>(const std::string& prompt)>;

/// By the probabilities of the next token; what `engines` refers to outlives it.
[[nodiscard]] AskLetter letter_by_odds(inference::JudgeEngines engines);
/// By a short reply at temperature 0. `chat` outlives it.
[[nodiscard]] AskLetter letter_by_reply(models::ChatEngine& chat, std::stop_token stop);
/// "A", "(B)", "Answer: A", "답은 B입니다": 1 or -1. A reply that names both, or says more, is ErrorKind::invalid.
[[nodiscard]] Result<double> read_letter(std::string_view reply);

/// Asks after prompts/judge.pairwise.<language>.txt, in the question's language (English or Korean), once in each
/// order: models favour a place (Zheng et al., "Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena", 2023). Where
/// the orders disagree the pair is a tie. Texts are cut at `text_bytes`, and further where they do not fit the model's
/// context.
class ModelJudge final : public PreferenceJudge {
 public:
  /// `identity`: which model. Throws Fatal when a prompt file cannot be read.
  ModelJudge(AskLetter ask, std::string identity, int text_bytes);

  [[nodiscard]] std::string name() const override { return "model"; }
  [[nodiscard]] std::string identity() const override { return identity_; }
  [[nodiscard]] std::string key() const override;
  [[nodiscard]] Result<std::optional<Opinion>> decide(const BlindPair& pair) override;

 private:
  [[nodiscard]] Result<double> read(const BlindPair& pair, bool second_as_a, std::size_t bytes) const;
  [[nodiscard]] Result<Opinion> read_both_orders(const BlindPair& pair, std::size_t bytes) const;

  AskLetter ask_;
  std::string identity_, english_, korean_;
  std::size_t text_bytes_;
};

}  // namespace twin::evaluation
