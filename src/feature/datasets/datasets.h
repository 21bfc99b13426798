// Datasets: instruction and preference samples made of the author's own sentences, without any API.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/progress.h"
#include "feature/category.h"
#include "feature/datasets/sample.h"
#include "feature/generators/generate_config.h"
#include "models/engines/engine.h"
#include "stores/index/index.h"
#include "stores/objects/objects.h"
#include "stores/warehouse/warehouse.h"

namespace twin::feature {

inline constexpr int dataset_version = 5;

struct DatasetConfig {
  double validation_share = 0.05;  ///< of documents
  double test_share = 0.1;         ///< of documents
  double near_duplicate = 0.8;     ///< Jaccard of 5-character shingles from which a sample is a duplicate
  int max_samples = 0;             ///< 0: no limit; else the first by hash order, every document represented first
  int preference_samples = 64;     ///< of the instruct samples, how many get a rejected answer
  int rejected_max_tokens = 384;   ///< of a reply; at most twice those of the chosen answer
  int give_up_after = 5;           ///< failed answers in a row after which the run ends
  double rag_share = 0.5;  ///< of the training questions that name a subject, how many get passages, as in serving
  int rag_passages = 3;    ///< the answer's passage and distractors
  int rag_tokens = 600;    ///< of all passages of a sample, by the embedding model's tokenizer
  int min_characters = 0;  ///< of an answer, beyond what its category asks
  int max_characters = 0;  ///< 0: as long as its category lets it be
  std::vector<std::string> languages;      ///< of answers (ISO 639: "ko", "en"); empty: any
  std::vector<std::string> decontaminate;  ///< benchmark files (JSON Lines) that no training sample may share text with
  int decontaminate_words = 13;   ///< of an n-gram; two syllables of Hangul count as a word; 0: no decontamination
  int decontaminate_common = 10;  ///< documents of the training split beyond which an n-gram is a set phrase
  std::int64_t decontaminate_most_ngrams = 50'000'000;  ///< of held-out texts and benchmarks, in memory
  std::string pii = "mask";                             ///< personal data in samples: mask, drop or off
  std::string generator = "extractive";                 ///< of instruct samples (generators/generator.h)
  std::string preference_generator = "self-play";       ///< of preference samples
  std::string self_play_adapter;  ///< GGUF adapter whose own answers are rejected; empty: those of the base model
  GenerateConfig generate;        ///< for generators that ask a model
  std::map<std::string, std::string> min_scores;  ///< by name of the score: what a sample must reach, as a number
  std::int64_t seed = 17;
  void bind(config::Binder& b);
};

/// A sample that was not written, or a passage that is in no sample.
struct Rejection {
  std::string sample_id;  ///< empty for passages
  std::string document_id;
  std::size_t start = 0, end = 0;  ///< bytes of the document's prose view
  std::string reason;              ///< one of a few words, as counted: too_short, near_duplicate …
  std::string detail;              ///< the sample it duplicates, similarity … (may be empty)
};

/// Personal data that was found in a sample. The value itself is nowhere.
struct PiiRecord {
  std::string sample_id, document_id;
  std::string part;                ///< answer | prompt | rejected
  std::string kind;                ///< as to_string(PiiKind)
  std::size_t start = 0, end = 0;  ///< answer: bytes of the document's prose view; else of the message
  std::string action;              ///< masked | dropped
};

struct DatasetReport {
  std::map<std::string, int> counts;       ///< "instruct/train" → n …
  std::map<std::string, int> reasons;      ///< why samples were rejected → n
  std::map<std::string, double> coverage;  ///< by split: share of the documents' prose bytes that lie in an answer
  std::vector<Rejection> rejections;
  std::vector<Error> failures;
  std::vector<Error> notes;  ///< worth knowing, not failed: a split without documents …
  int rag_samples = 0;       ///< training samples with passages
  std::vector<PiiRecord> pii;
  std::int64_t held_out_ngrams = 0;  ///< of the evaluation splits and benchmarks
  int set_phrases = 0;               ///< n-grams of the splits that so many documents have that they are no leak
  std::string sha256;                ///< of the written dataset (a manifest over its files)
};

/// What generators ask and measure with. The room above hands it down: engines are started there, measures live there.
struct GeneratorTools {
  models::ChatEngine* engine = nullptr;  ///< nullptr: only generators that ask no model
  std::string model;                     ///< what identifies it: SHA-256 of its weights, or its name at its URL
  int parallel = 1;                      ///< requests at a time
  /// Share of the answer's sentences that the passage supports, 0 to 1; nothing when the answer states nothing.
  std::function<std::optional<double>(std::string_view answer, std::string_view passage)> grounding = {};
  std::function<std::int64_t(std::string_view text)> tokens = {};  ///< an estimate; empty: one for each byte
};

struct DatasetContext {
  stores::Warehouse& warehouse;
  stores::Objects& objects;  ///< generated answers are kept here item by item, to resume
  const std::map<std::string, Category>& categories;
  ProgressSink& progress;
  std::filesystem::path folder;  ///< {train,validation,test,rejected,pii}.jsonl, manifest.json
  std::stop_token stop;
  stores::Index* index = nullptr;  ///< where the passages of RAG samples are found; nullptr: no such samples
  std::map<std::string, std::string> duplicates = {};  ///< id of a document that is left out → the one that stays
  GeneratorTools tools = {};
  std::filesystem::path decisions = {};  ///< of `twin dataset review`; may be missing
};

/// Samples by dataset.generator. `extractive`: questions by templates of the category (titles, headings, leading
/// sentences), answers verbatim from the prose view; others ask a model (context.tools), keep each reply as it comes
/// and continue after a kill. Every answer is checked against its span: verbatim, or grounded in it. Exact and near
/// duplicates are removed, also across splits (test and validation keep theirs, train loses its own). The system prompt
/// is prompts/twin.system.txt, as in serving; a share of the training samples has passages before its question, as in
/// serving (rag_samples.h). Training samples that share an n-gram with the other splits or a benchmark are removed
/// (overlap/decontaminate.h), personal data is masked or its samples dropped (samples/sample_privacy.h). Writes
/// {train,validation,test}.jsonl, rejected.jsonl, pii.jsonl and, last, manifest.json: same warehouse and configuration,
/// same bytes. Throws Fatal when the folder cannot be written or the system prompt is missing.
[[nodiscard]] DatasetReport build_instruct(const DatasetConfig& config, const DatasetContext& context);

/// Pairs by dataset.preference_generator of a sample of build_instruct()'s training samples. `self-play`: rejected
/// answers of the model `base`, in whole sentences up to the length of the author's text, which is chosen; temperature
/// 0, no prefix reuse: the same answers every time. `generate`: questions and rejected answers by a model, chosen are
/// extracts. Writes train.jsonl, rejected.jsonl and manifest.json. Each answer is kept as it comes (answers.jsonl and
/// Objects): a run that was killed continues with the next one. A failed answer costs one sample; give_up_after of them
/// in a row are Fatal.
[[nodiscard]] DatasetReport build_preference(const DatasetConfig& config, const DatasetContext& context,
                                             const std::filesystem::path& instruct_folder, models::ChatEngine& base,
                                             const std::string& base_model_id);

/// Hashes every file of a dataset again; returns DatasetReport::sha256 when all are as its manifest says.
[[nodiscard]] Result<std::string> verify_dataset(const std::filesystem::path& folder);

/// Samples of one file, in order. A malformed line is ErrorKind::invalid with "<file>:<line>".
[[nodiscard]] Result<std::vector<Sample>> read_samples(const std::filesystem::path& jsonl);

}  // namespace twin::feature
