// Index: warehouse → clean views → chunks → vectors → search index; only what changed.
#pragma once

#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "core/progress.h"
#include "feature/category.h"
#include "models/engines/engine.h"
#include "stores/index/index.h"
#include "stores/warehouse/warehouse.h"

namespace twin::feature {

/// Speed only. Vectors do not depend on batches or requests as long as the worker embeds one text at a time (one slot:
/// measured bit-identical), so that an interrupted run ends with the same index as one in a single piece.
struct EmbedConfig {
  int batch = 0;            ///< texts per request to the embedding engine; 0: four for each core, 16 to 64
  int requests = 2;         ///< requests in flight
  int attempts = 3;         ///< of a request that fails by network (a worker that restarts)
  int retry_wait_ms = 500;  ///< before the second attempt; twice that before the third …
  int give_up_after = 5;    ///< failed requests in a row after which the run ends
  void bind(config::Binder& b);
};

struct IndexReport {
  int documents = 0, indexed = 0, unchanged = 0, removed = 0, chunks = 0;
  int pictures = 0;  ///< that got a vector, of the documents indexed
  std::vector<Error> failures;
  std::vector<Error> notes;          ///< documents without a chunk, with the reason
  std::vector<Error> picture_notes;  ///< pictures without a vector, with the reason
};

struct IndexContext {
  stores::Warehouse& warehouse;
  stores::Index& index;
  models::EmbeddingEngine& embedder;
  models::Tokenizer& tokenizer;
  const std::map<std::string, Category>& categories;
  ProgressSink& progress;
  std::stop_token stop;
  std::set<std::string> left_out = {};  ///< ids of documents that are not indexed: near duplicates of others
};

/// Hash of everything that makes a document's entry in the index: its version and content, the rules of its category,
/// the versions of cleaning and chunking, the embedding model. Equal keys: nothing to do.
[[nodiscard]] std::string feature_key(const stores::Document& document, const Category& category,
                                      const models::EmbeddingEngine& embedder);

/// Documents are committed one by one, in order of id: after a crash the next run continues with the rest. Entries of
/// documents that are gone or left out are removed; another embedding model starts the index anew. Where the model sees
/// pictures, those of a document get vectors (embed_pictures.h); a document whose pictures could not all be tried is
/// searched without them, and made again by the next run. Throws Fatal when a store or, for good, the embedding engine
/// fails.
[[nodiscard]] IndexReport build_index(const EmbedConfig& config, const IndexContext& context);

}  // namespace twin::feature
