#include <algorithm>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/ascii.h"
#include "feature/datasets/datasets.h"
#include "feature/datasets/order.h"
#include "feature/generators/generator.h"

namespace twin::feature {
namespace {

config::Rule between(double min, double max, bool key_irrelevant = false) {
  config::Rule rule;
  rule.key_irrelevant = key_irrelevant;
  rule.min = min;
  rule.max = max;
  return rule;
}

}  // namespace

void GenerateConfig::bind(config::Binder& b) {
  b.group("provider", provider, "The model that is asked; without url the project's own chat model");
  b.field("parallel", parallel, "Requests to the provider at a time", between(1, 256, true));
  b.field("requests_per_minute", requests_per_minute, "Most requests begun in a minute (0: no limit)",
          between(0, 1e6, true));
  b.field("price_input", price_input, "Price of a million tokens sent", between(0, 1e6, true));
  b.field("price_output", price_output, "Price of a million tokens received", between(0, 1e6, true));
  b.field("max_cost", max_cost,
          "Most that a run may cost, in the currency of the prices: a run whose estimate is higher asks nothing",
          between(0, 1e9, true));
  b.field("max_calls", max_calls, "Most requests for a dataset, its passages drawn by hash (0: no limit)",
          between(0, 1e9));
  b.field("max_tokens", max_tokens, "Longest answer of the model, in tokens", between(16, 1e6));
  b.field("temperature", temperature, "Sampling temperature", between(0, 2));
  b.field("samples_per_passage", samples_per_passage, "Samples that `generate` asks for with each passage",
          between(1, 20));
  b.field("min_fit", min_fit,
          "Least fit of question and passage, from 1 to 5 by the model's own judgement (1: every question)",
          between(1, 5));
  b.field("min_grounding", min_grounding, "Least share of a generated answer's sentences that its passage supports",
          between(0, 1));
  b.field("support", support, "Share of a sentence's content words from which a passage supports it", between(0, 1));
  b.field("min_extract", min_extract, "Shortest extract of the author's text in a generated pair, in characters",
          between(1, 1e6));
}

void DatasetConfig::bind(config::Binder& b) {
  b.field("validation_share", validation_share, "Share of the documents kept for validation", between(0, 0.5));
  b.field("test_share", test_share, "Share of the documents kept for the evaluation", between(0, 0.5));
  b.field("near_duplicate", near_duplicate, "Similarity of two answers (Jaccard) from which one of them is removed",
          between(0.3, 1));
  b.field("max_samples", max_samples, "Most samples, over all splits; 0: all of them", between(0, 1e9));
  b.field("preference_samples", preference_samples, "Questions that get a rejected answer of the base model",
          between(0, 1e6));
  b.field("rejected_max_tokens", rejected_max_tokens,
          "Most tokens that a model may write of a rejected answer (never more than twice those of the chosen one)",
          between(1, 4096));
  config::Rule no_key = between(1, 1000);
  no_key.key_irrelevant = true;
  b.field("give_up_after", give_up_after, "Failed answers in a row after which the run ends", no_key);
  b.field("rag_share", rag_share,
          "Share of the training questions (those about a title or heading) that get passages, as in serving",
          between(0, 1));
  b.field("rag_passages", rag_passages, "Passages of such a sample: the one with the answer, and others that are alike",
          between(1, 50));
  b.field("rag_tokens", rag_tokens, "Most tokens of the passages of a sample, by the embedding model's tokenizer",
          between(16, 1e6));
  b.field("min_characters", min_characters, "Shortest answer, beyond what its category asks", between(0, 1e9));
  b.field("max_characters", max_characters, "Longest answer (0: as its category says)", between(0, 1e9));
  config::Rule codes;
  codes.check = [](const std::string& text) {
    const bool code =
        (text.size() == 2 || text.size() == 3) && std::all_of(text.begin(), text.end(), text::is_ascii_lower);
    return code ? std::string() : tr("'{}' is no language code as ko or en (ISO 639)", text);
  };
  b.field("languages", languages, "Languages of answers that are kept: [ko, en] (empty: all)", codes);
  config::Rule files;
  files.path = files.exists = true;
  files.key_irrelevant = true;  // their content counts, by hash, not where they lie
  b.field("decontaminate", decontaminate, "Benchmark files (JSON lines) that no training sample may share text with",
          files);
  b.field("decontaminate_words", decontaminate_words,
          "Words in a row that make a training sample a copy of held-out text; two syllables of Hangul count as one "
          "word (0: no decontamination)",
          between(0, 1000));
  b.field("decontaminate_common", decontaminate_common,
          "Training documents beyond which words shared with a held-out document are a set phrase and no leak",
          between(1, 1e9));
  config::Rule no_key_ngrams = between(1, 4e9);
  no_key_ngrams.key_irrelevant = true;
  b.field("decontaminate_most_ngrams", decontaminate_most_ngrams,
          "Most n-grams of held-out texts in memory, at about 40 bytes each", no_key_ngrams);
  config::Rule actions;
  actions.one_of = {"mask", "drop", "off"};
  b.field("pii", pii, "Personal data in samples: mask it, drop the sample, or off", actions);
  config::Rule instruct_ids;
  instruct_ids.one_of = generator_ids("instruct");
  b.field("generator", generator,
          "Where instruction samples come from: extractive (no model), backtranslate (a model writes the questions) or "
          "generate (a model writes both)",
          instruct_ids);
  config::Rule preference_ids;
  preference_ids.one_of = generator_ids("preference");
  b.field("preference_generator", preference_generator,
          "Where preference pairs come from: self-play (rejected: the model's own answer) or generate", preference_ids);
  config::Rule adapter;
  adapter.path = adapter.exists = adapter.key_irrelevant = true;  // its content counts, by hash
  b.field("self_play_adapter", self_play_adapter,
          "A GGUF adapter: the tuned model's own answers are rejected (empty: the base model's)", adapter);
  b.field("min_scores", min_scores,
          "Least scores of samples, such as {fit: 4, grounding: 0.9}; `twin dataset review --calibrate` proposes them");
  b.group("generate", generate, "Generators that ask a model");
  b.field("seed", seed, "Chooses splits, question variants and samples");
}

std::uint64_t hash_order(std::int64_t seed, std::string_view purpose, std::string_view id) {
  Sha256 hash;
  hash.field(std::to_string(seed)).field(purpose).field(id);
  return std::stoull(hash.hex().substr(0, 16), nullptr, 16);
}

double hash_fraction(std::int64_t seed, std::string_view purpose, std::string_view id) {
  return static_cast<double>(hash_order(seed, purpose, id)) / 18446744073709551616.0;  // 2^64
}

}  // namespace twin::feature
