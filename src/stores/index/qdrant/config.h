// `index.qdrant:` of twin.yaml: how an index on a Qdrant server is searched and reached. Its address is index.uri.
#pragma once

#include <cstdint>

#include "core/config/binder.h"

namespace twin::stores {

struct QdrantConfig {
  bool exact = false;                     ///< dense search compares with every vector, in full precision
  int search_width = 128;                 ///< "ef" of HNSW (Malkov & Yashunin 2016): candidates kept while searching
  double word_drift = 0.02;               ///< settle(): the average length of passages may be off by this share
  int max_looked_up_terms = 2048;         ///< of a longer query the first distinct terms are looked up
  int page = 256;                         ///< points that are read at once
  std::int64_t batch_bytes = 8 << 20;     ///< of points that are written at once; a server takes 32 MB by default
  std::int64_t answer_bytes = 256 << 20;  ///< largest answer that is read
  int connect_seconds = 10;
  int request_seconds = 60;
  int retry_seconds = 30;
  void bind(config::Binder& b);
};

}  // namespace twin::stores
