// Texts to vectors in full batches, several requests in flight, results in the order of the texts.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <future>
#include <stop_token>
#include <string>
#include <vector>

#include "feature/embed/build_index.h"
#include "models/engines/engine.h"

namespace twin::feature {

/// Packs the texts of several documents into requests of EmbedConfig::batch texts and keeps up to EmbedConfig::requests
/// of them in flight. Used by one thread. A request that fails by network is repeated; one that fails otherwise is done
/// again text by text, so that only the text at fault fails.
class EmbeddingBatches {
 public:
  /// One vector, or why there is none. Called on the caller's thread, in the order of add().
  using Sink = std::function<void(std::size_t document, Result<std::vector<float>>)>;

  EmbeddingBatches(const EmbedConfig& config, models::EmbeddingEngine& engine, std::stop_token stop, Sink sink);
  EmbeddingBatches(const EmbeddingBatches&) = delete;
  EmbeddingBatches& operator=(const EmbeddingBatches&) = delete;

  /// Queues a text; may wait for the oldest request. Throws Fatal when EmbedConfig::give_up_after requests in a row
  /// failed: the engine is gone.
  void add(std::size_t document, std::string text);
  /// Sends the rest and waits for everything.
  void finish();

 private:
  struct Request {
    std::vector<std::size_t> documents;
    std::future<std::vector<Result<std::vector<float>>>> vectors;
  };
  void send();
  void take_oldest();

  EmbedConfig config_;
  std::size_t batch_;  ///< texts of a request
  models::EmbeddingEngine& engine_;
  std::stop_token stop_;
  Sink sink_;
  std::vector<std::size_t> documents_;
  std::vector<std::string> texts_;
  int failed_in_a_row_ = 0;
  std::deque<Request> in_flight_;  // last: its futures wait on destruction, while the members above still live
};

}  // namespace twin::feature
