// Evaluation: four arms on held-out documents (base, base+RAG, tuned, tuned+RAG), with confidence intervals.
//
// Nothing here talks to a model: answers, searches and log-likelihoods come through callbacks (adapters.h makes them
// from an assistant and from twin-train). All measures are computed from texts, without an LLM: the same answers give
// the same report, byte for byte.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/binder.h"
#include "core/json.h"
#include "core/progress.h"
#include "core/result.h"
#include "evaluation/preference/preference.h"
#include "evaluation/statistics.h"
#include "feature/datasets/sample.h"
#include "training/train_job.h"

namespace twin::evaluation {

inline constexpr int evaluation_version = 2;

struct EvalConfig {
  int questions = 20;             ///< held-out questions answered by every arm
  int max_tokens = 96;            ///< of an answer
  int retrieval_questions = 200;  ///< held-out questions that are only searched for
  int recall_k = 5;
  int mrr_k = 10;                ///< depth to which the reciprocal rank is looked for
  int perplexity_passages = 60;  ///< held-out passages whose likelihood is measured
  double support = 0.6;          ///< share of a sentence's content words from which it counts as supported
  int style_min_words = 12;      ///< shorter texts say nothing about style
  int bootstrap = 2000;          ///< resamples, by document
  std::int64_t seed = 17;
  void bind(config::Binder& b);
};

/// A held-out question and the author's own answer.
struct Question {
  std::string question, reference, document_id, language;
  std::size_t start = 0, end = 0;  ///< of the reference in the document's prose view
};

enum class Arm { base, base_rag, tuned, tuned_rag };
inline constexpr std::array<Arm, 4> all_arms = {Arm::base, Arm::base_rag, Arm::tuned, Arm::tuned_rag};
/// base | base+RAG | tuned | tuned+RAG
[[nodiscard]] std::string_view name(Arm arm);
[[nodiscard]] bool is_tuned(Arm arm);
[[nodiscard]] bool has_retrieval(Arm arm);

struct ArmAnswer {
  std::string text;
  std::vector<std::string> passages;  ///< texts given to the model, empty without retrieval
  std::string failure;                ///< why there is no answer; empty when there is one
};

/// Where a search result lies; compared with the question's source span.
struct FoundPassage {
  std::string document_id;
  std::size_t start = 0, end = 0;
};

/// A failure is one item's: it is counted and listed, the rest goes on.
using AskArm = std::function<Result<ArmAnswer>(const Question& question, Arm arm)>;
/// The first k passages, best first.
using SearchPassages = std::function<Result<std::vector<FoundPassage>>(const std::string& question, int k)>;
/// One item per sample, in order: the likelihood of the sample's answer under base, or base and adapter.
using ScoreSamples =
    std::function<Result<std::vector<training::ScoredItem>>(const std::vector<feature::Sample>& samples, bool tuned)>;

struct EvalContext {
  std::vector<feature::Sample> held_out;       ///< the dataset's test split
  AskArm ask;                                  ///< empty: no arms
  SearchPassages search;                       ///< empty: no retrieval measures
  ScoreSamples score;                          ///< empty: no perplexity
  bool tuned = true;                           ///< whether there is an adapter; without one two arms are left out
  std::map<std::string, std::string> lineage;  ///< what was evaluated: model ids, hashes of dataset and prompts …
  ProgressSink& progress;
  std::stop_token stop;
};

struct ArmReport {
  std::string name;                         ///< base | base+RAG | tuned | tuned+RAG, or a named arm's
  std::map<std::string, Estimate> metrics;  ///< see arm_metrics()
  std::vector<ArmAnswer> answers;           ///< one per question, in order
};

struct EvalReport {
  EvalConfig config;
  std::map<std::string, std::string> lineage;
  std::map<std::string, Estimate> retrieval;  ///< recall@k, document_recall@k, mrr@k
  /// base, tuned, and "change" (tuned/base - 1); of named arms their names, and "change sft-base" …
  std::map<std::string, Estimate> perplexity;
  std::map<std::string, Estimate> author;  ///< the style measures of the author's own texts: the goal
  std::vector<ArmReport> arms;
  std::map<std::string, Estimate> differences;  ///< paired by question: "style_distance tuned-base" …
  std::vector<Question> questions;
  std::vector<PreferenceReport> preferences;  ///< one per judge, where arms were judged (preference/judging.h)
  std::vector<Error> failures;                ///< every item that failed, and why
  std::vector<Error> notes;                   ///< what a measure does not apply to: answers too short for style, …
};

/// Throws Fatal when there is nothing held out, and ErrorKind::cancelled when stopped.
[[nodiscard]] EvalReport evaluate(const EvalConfig& config, const EvalContext& context);

struct MetricInfo {
  std::string key;      ///< in ArmReport::metrics
  std::string label;    ///< for people, translated
  std::string meaning;  ///< one sentence for the reader of a report, translated
  int better = 0;       ///< 1: higher is better, -1: lower is better, 0: neither
};
/// The measures of an arm, in the order of the reports.
[[nodiscard]] std::vector<MetricInfo> arm_metrics();

/// Numbers that could not be measured are null (JSON) or "–" (the others), never NaN.
[[nodiscard]] Json to_json(const EvalReport& report);
[[nodiscard]] std::string to_markdown(const EvalReport& report);
/// One file without links to anything outside.
[[nodiscard]] std::string to_html(const EvalReport& report);
/// The comparison table printed by `twin eval` and `make demo`.
[[nodiscard]] std::string to_table(const EvalReport& report);

}  // namespace twin::evaluation
