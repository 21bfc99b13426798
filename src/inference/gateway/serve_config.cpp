#include "inference/gateway/gateway.h"

namespace twin::inference {

void ServeConfig::bind(config::Binder& b) {
  b.field("host", host, "Address to listen on; beyond loopback an API key is required", {.key_irrelevant = true});
  b.field("port", port, "Port to listen on; 0 takes any free one", {.min = 0, .max = 65535, .key_irrelevant = true});
  b.field("api_key_env", api_key_env, "Environment variable that holds the API key clients must send",
          {.key_irrelevant = true});
  b.field("max_queue", max_queue, "Requests that may wait; more are answered 429",
          {.min = 0, .max = 10'000, .key_irrelevant = true});
  b.field("max_body_kilobytes", max_body_kilobytes, "Largest request body",
          {.min = 1, .max = 1 << 20, .key_irrelevant = true});
  b.field("max_tokens", max_tokens, "Ceiling of max_tokens of a request",
          {.min = 1, .max = 1 << 20, .key_irrelevant = true});
  b.field("max_inputs", max_inputs, "Texts in one embeddings request", {.min = 1, .max = 2048, .key_irrelevant = true});
  b.field("drain_seconds", drain_seconds, "How long running answers may go on after a stop",
          {.min = 0, .max = 3600, .key_irrelevant = true});
}

}  // namespace twin::inference
