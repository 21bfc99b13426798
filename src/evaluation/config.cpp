#include "evaluation/evaluation.h"

namespace twin::evaluation {

void EvalConfig::bind(config::Binder& b) {
  b.field("questions", questions, "Held-out questions that every arm answers", {.min = 1, .max = 100'000});
  b.field("max_tokens", max_tokens, "Longest answer in tokens", {.min = 1, .max = 8192});
  b.field("retrieval_questions", retrieval_questions, "Held-out questions that the search is measured with",
          {.min = 0, .max = 1'000'000});
  b.field("recall_k", recall_k, "Passages among which the right one must be", {.min = 1, .max = 1000});
  b.field("mrr_k", mrr_k, "Passages down to which the first right one is looked for", {.min = 1, .max = 1000});
  b.field("perplexity_passages", perplexity_passages, "Held-out passages whose likelihood is measured",
          {.min = 0, .max = 1'000'000});
  b.field("support", support, "Share of a sentence's content words from which it counts as supported",
          {.min = 0.05, .max = 1});
  b.field("style_min_words", style_min_words, "Shorter texts are left out of the style measures",
          {.min = 1, .max = 10'000});
  b.field("bootstrap", bootstrap, "Resamples for the confidence intervals", {.min = 100, .max = 1'000'000});
  b.field("seed", seed, "Seed of the choice of questions and of the resampling");
}

void JudgeConfig::bind(config::Binder& b) {
  b.group("provider", provider, "Judge `model`: the project's chat model, or where it has a url another one");
  b.field("text_bytes", text_bytes, "Longest text that the model is shown, in bytes", {.min = 200, .max = 1 << 20});
  b.field("tie", tie, "Judge `author`: style distances that differ by less than this share are a tie",
          {.min = 0, .max = 1});
  b.field("give_up_after", give_up_after, "Failures in a row after which a judge is not asked any more",
          {.min = 1, .max = 1'000'000});
}

}  // namespace twin::evaluation
