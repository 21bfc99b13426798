// The endpoints behind the gateway's routes, each a function from a request to a response.
#pragma once

#include "inference/gateway/admission.h"
#include "inference/gateway/errors.h"
#include "inference/gateway/gateway.h"
#include "inference/gateway/message.h"

namespace twin::inference {

/// What requests wait in. Searches, and prompts for which nothing is generated, have their
/// own: they must not wait for a long answer or a batch of texts.
struct Queues {
  Queues(int slots, int max_queue)
      : answers(slots, max_queue), embeddings(slots, max_queue), searches(slots, max_queue) {}
  Admission answers;     ///< in front of the chat worker
  Admission embeddings;  ///< in front of the embedding worker
  Admission searches;    ///< in front of the index
};

/// What the endpoints share. Thread-safe.
struct Endpoints {
  const ServeConfig& config;
  const Gateway::Parts& parts;
  Queues& queues;

  /// POST /v1/chat/completions
  [[nodiscard]] ApiResponse chat(const ApiRequest& request) const;
  /// GET /v1/models, GET /v1/models/{id}
  [[nodiscard]] ApiResponse models() const;
  [[nodiscard]] ApiResponse model(const std::string& id) const;
  /// POST /v1/embeddings
  [[nodiscard]] ApiResponse embeddings(const ApiRequest& request) const;
  /// POST /v1/search {"query","k","categories","sources","languages"} → {"results":[…]} as `twin search --json`
  [[nodiscard]] ApiResponse search(const ApiRequest& request) const;
  /// GET /v1/report: the newest evaluation report, 404 before the first
  [[nodiscard]] ApiResponse report() const;
  /// GET /health/live and /health/ready
  [[nodiscard]] ApiResponse live() const;
  [[nodiscard]] ApiResponse ready() const;
};

/// 429 when the queue is full, 499 when the client went away while it waited.
[[nodiscard]] ApiError refused(Admission::Outcome outcome);
/// 503 while the models load.
[[nodiscard]] ApiError still_loading();

}  // namespace twin::inference
