// A test set for retrieval made from the user's own corpus: questions whose passage is known, as people ask them.
#pragma once

#include <filesystem>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "core/config/binder.h"
#include "core/progress.h"
#include "evaluation/beir.h"
#include "feature/category.h"
#include "models/engines/engine.h"
#include "stores/index/index.h"

namespace twin::evaluation {

/// Raise when the queries made from the same index change.
inline constexpr int retrieval_set_version = 1;

struct RetrievalSetConfig {
  int passages = 200;               ///< asked for; each gives a query of every kind that fits it
  int min_words = 12;               ///< of a passage; a shorter one says too little to be asked for
  int keywords = 4;                 ///< of a query of keywords
  int phrase_words = 10;            ///< of a query that quotes
  int negatives = 10;               ///< documents listed for a query that look like the answer
  int unanswerable = 50;            ///< queries that nothing answers
  int paraphrases = 0;              ///< passages paraphrased by the chat model
  double paraphrase_overlap = 0.2;  ///< share of a paraphrase's content words that its passage may hold
  int paraphrase_attempts = 2;
  int paraphrase_tokens = 64;
  std::int64_t seed = 17;
  void bind(config::Binder& b);
};

/// Queries by kind:
///   question      a template of the document's category, filled with the passage's heading or its document's title
///   keywords      the passage's most particular words, in its order (Azzopardi et al., SIGIR 2007)
///   phrase        a run of words of the passage
///   particles     ko: a phrase whose particles are missing or wrong
///   spacing       ko: a phrase with blanks at other places
///   typos         other languages: keywords, mistyped
///   paraphrase    in other words (paraphrase.h)
///   unanswerable  two particular words that no document holds both; or queries of another corpus
struct RetrievalSet {
  std::vector<BeirQuery> queries;       ///< in the order of passages, kinds and, last, unanswerable ones
  std::map<std::string, int> counts;    ///< queries by kind
  std::map<std::string, int> left_out;  ///< why passages, or queries of a kind, were not used
  int documents = 0, passages = 0;      ///< of the index
  std::vector<Error> problems;          ///< paraphrases that the model failed on
};

struct SetContext {
  stores::Index& index;
  const std::map<std::string, feature::Category>& categories;
  models::ChatEngine* chat = nullptr;     ///< of paraphrases; null: none
  std::vector<std::string> foreign = {};  ///< queries of another corpus, tried as unanswerable ones
  ProgressSink& progress;
  std::stop_token stop;
};

/// Reads the index, never a model but `chat`. Same index, configuration and seed, same queries. Passages are spread
/// over the documents: one of each, then a second of each …, in the order of a hash of seed and passage. A document
/// counts as relevant when it holds the passage asked for, or one with the same text. Throws Fatal when the index has
/// no passage to ask for.
[[nodiscard]] RetrievalSet make_retrieval_set(const RetrievalSetConfig& config, const SetContext& context);

/// Writes a BEIR folder: corpus.jsonl (the index's documents by id, with their prose), queries.jsonl, qrels/test.tsv,
/// and set.json, which says how it was made. Beside BEIR's fields, queries.jsonl holds kind, document, start, end and
/// negatives. A folder that holds files of another origin is left alone: Fatal.
void write_retrieval_set(const RetrievalSet& set, const RetrievalSetConfig& config, stores::Index& index,
                         const std::filesystem::path& folder);

}  // namespace twin::evaluation
