// What is wrong with a search index, whichever backend holds it: compared with the warehouse, the embedding model and
// itself.
#pragma once

#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "core/config/binder.h"
#include "core/json.h"
#include "core/progress.h"
#include "feature/category.h"
#include "models/engines/engine.h"
#include "stores/index/index.h"
#include "stores/warehouse/warehouse.h"

namespace twin::evaluation {

struct IndexDoctorConfig {
  int repeated_words = 20;     ///< of a passage, from which it is named when several documents hold it word by word
  double unit_length = 0.001;  ///< a vector's length may be off 1 by so much
  void bind(config::Binder& b);
};

enum class IndexFault {
  missing,      ///< a document of the warehouse that is not indexed
  orphan,       ///< a document that the warehouse no longer has, or that is left out as a duplicate
  stale,        ///< made by other rules, another version of the document or another embedding model
  model,        ///< the whole index was filled by another embedding model
  no_passages,  ///< a document of which nothing can be found, although it has more than headings
  empty,        ///< a passage of white space
  too_long,     ///< a passage longer than the embedding model's window
  vector,       ///< a vector of another dimension, with a value that is no number, or whose length is not 1
  lost_vector,  ///< passages without a vector
  offsets,      ///< a passage whose span in the prose is not its text
  repeated,     ///< the same passage in several documents
};
/// The name in --json: "missing", "too-long" …
[[nodiscard]] std::string_view name(IndexFault fault);
/// What it means, for people, translated.
[[nodiscard]] std::string meaning(IndexFault fault);
/// The command that mends it, or that shows what to decide; translated where it is not a command alone.
[[nodiscard]] std::string cure(IndexFault fault);
/// Whether an entry with it has to be made again although its key says that nothing changed.
[[nodiscard]] bool is_damage(IndexFault fault);

struct IndexFinding {
  IndexFault fault;
  std::string document_id;  ///< empty: of the index as a whole
  std::string chunk_id;     ///< empty: of the document as a whole
  std::string where;        ///< its URL, or where the index is
  std::string detail;       ///< figures, other documents …
};

struct IndexDoctorContext {
  stores::Index& index;
  stores::Warehouse& warehouse;
  const std::map<std::string, feature::Category>& categories;
  std::set<std::string> left_out = {};          ///< ids of documents that are not indexed on purpose: near duplicates
  models::EmbeddingEngine* embedder = nullptr;  ///< null: stale, model and too_long are not looked for
  ProgressSink& progress;
  std::stop_token stop;
};

struct IndexDiagnosis {
  stores::IndexCounts counts;
  std::vector<IndexFinding> findings;  ///< by kind, then in order of document and position
  std::vector<IndexFault> unchecked;   ///< what could not be looked for
};

/// Reads the index and the warehouse once, one document at a time. Changes nothing. Throws Fatal when a store fails.
[[nodiscard]] IndexDiagnosis examine_index(const IndexDoctorConfig& config, const IndexDoctorContext& context);

/// Removes the entries with damage (is_damage()), so that `twin index` makes them anew. Returns how many documents.
int remove_damaged(const IndexDiagnosis& diagnosis, stores::Index& index);

[[nodiscard]] Json to_json(const IndexDiagnosis& diagnosis);

}  // namespace twin::evaluation
