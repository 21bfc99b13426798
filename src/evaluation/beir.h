// A folder in the format of BEIR (Thakur et al., 2021): corpus.jsonl, queries.jsonl, qrels/<split>.tsv.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "evaluation/ranking_metrics.h"

namespace twin::evaluation {

struct BeirDocument {
  std::string id, title, text;
};

struct BeirQuery {
  std::string id, text;
  Judgements judged;
  /// What sets made by Twin say beside it (retrieval_sets/set_file.h); empty in others. Other tools pass over it.
  std::string kind;
  std::string document_id;             ///< of the passage asked for; empty: none in particular
  std::size_t start = 0, end = 0;      ///< of that passage, in the document's prose view
  std::vector<std::string> negatives;  ///< documents that look like the answer and are not
};
/// The kind of queries that nothing answers: they stand in queries.jsonl without a judgement.
inline constexpr std::string_view unanswerable_kind = "unanswerable";

/// Called with what is wrong in a line; the line is left out. Error::where is file:line.
using BeirProblem = std::function<void(Error)>;

/// Documents in the order of corpus.jsonl, one at a time in memory: {"_id", "title" (may be missing), "text"}. An id is
/// a string or an integer. Left out as problems: lines that are no such object, ids that came before, documents without
/// a letter. Return false to stop. Fails when the file cannot be read.
[[nodiscard]] Result<void> each_beir_document(const std::filesystem::path& folder,
                                              const std::function<bool(BeirDocument&&)>& visit,
                                              const BeirProblem& problem);

/// Queries of queries.jsonl that qrels/<split>.tsv judges, in the order of queries.jsonl. Lines of the judgements are
/// query-id, corpus-id, score (an integer), separated by tabs, below a header. Problems: malformed lines, judgements of
/// a query that is not there, a query without text. Queries without judgements are left out, but for those that nothing
/// answers. Fails when a file cannot be read, and when no query is left.
[[nodiscard]] Result<std::vector<BeirQuery>> read_beir_queries(const std::filesystem::path& folder,
                                                               const std::string& split, const BeirProblem& problem);

}  // namespace twin::evaluation
