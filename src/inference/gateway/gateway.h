// The gateway: OpenAI-compatible HTTP API and the web page over an Assistant.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/config/binder.h"
#include "inference/assistant.h"

namespace twin::inference {

struct ServeConfig {
  std::string host = "127.0.0.1";
  int port = 8741;          ///< 0: any free port
  std::string api_key_env;  ///< environment variable with the key clients must send; required off loopback
  int max_queue = 32;       ///< more waiting requests are answered 429 with Retry-After
  int max_body_kilobytes = 1024;
  int max_tokens = 1024;   ///< ceiling of max_tokens
  int max_inputs = 256;    ///< texts in one embeddings request
  int drain_seconds = 10;  ///< running answers get this long after stop(), then they are cut off
  void bind(config::Binder& b);
};

/// Routes: POST /v1/chat/completions (stream and not), GET /v1/models, POST /v1/embeddings, GET /health/live,
/// GET /health/ready, POST /v1/search, GET /v1/report (evaluation), and the web page at /. A client that goes away
/// stops its answer. A fixed number of threads; none is detached.
class Gateway {
 public:
  struct Parts {
    std::function<std::shared_ptr<Assistant>()> assistant;  ///< the current one (swapped when an adapter is hot-loaded)
    models::EmbeddingEngine& embedder;
    std::function<std::string()> embedding_model;  ///< its name; another one after a switch of the index
    std::function<bool()> ready;
    std::function<std::string()> report_json;  ///< newest evaluation, or empty
    int slots = 1;                             ///< answers generated at once: the worker's slots
  };
  Gateway(ServeConfig config, Parts parts);
  ~Gateway();
  /// Binds and returns the port. An address in use is ErrorKind::io and names the port; a host beyond loopback without
  /// an API key, or a key variable that is empty, is ErrorKind::usage.
  [[nodiscard]] Result<int> bind();
  /// Serves until stop() (graceful: running requests end first, for drain_seconds at most).
  void run();
  /// From any thread; returns at once.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace twin::inference
