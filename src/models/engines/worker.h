// A supervised llama-server process on a loopback port: started, watched, restarted, stopped.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>

#include "core/clock.h"
#include "core/config/binder.h"
#include "core/http/http.h"
#include "core/result.h"
#include "models/engines/engine.h"

namespace twin::models {

struct WorkerConfig {
  int threads = 0;               ///< 0: all cores
  int slots = 1;                 ///< requests decoded together; with 1, equal requests give equal bits
  int context_tokens = 4096;     ///< per slot
  int batch_texts = 64;          ///< texts of one embedding request
  int picture_tokens = 1024;     ///< a larger picture is made smaller until it takes no more of the window
  std::string encoder = "auto";  ///< auto: vectors by twin-encode where it runs the model, f32: in float32;
                                 ///< llama-server: by that alone
  int start_timeout_s = 120;
  int request_timeout_s = 600;  ///< of one request; streams included
  int max_restarts = 5;         ///< within one minute
  void bind(config::Binder& b);
};

struct WorkerSpec {
  std::string name;                 ///< for logs: "chat", "embed"
  std::filesystem::path model;      ///< GGUF
  std::filesystem::path adapter;    ///< GGUF LoRA, empty for none
  std::filesystem::path projector;  ///< of an embedding worker: GGUF that makes tokens of pictures; empty: texts alone
  bool embedding = false;
  bool questions = false;            ///< of an embedding worker: questions will come, what embeds them starts with it
  bool rerank = false;               ///< a cross-encoder: scores pairs of query and text
  std::filesystem::path log_folder;  ///< llama-server's output goes to <log_folder>/worker-<name>.log
  WorkerConfig config;
};

/// Engines over one worker. A crash of the process is noticed, the process restarted with back-off; an answer that has
/// begun to stream fails with ErrorKind::network and may be asked for again, other requests wait for the restart
/// (start_timeout_s at most) and are sent once more.
/// The loopback port takes only requests with a random key.
class Worker : public ChatEngine, public EmbeddingEngine, public Tokenizer, public RerankEngine {
 public:
  /// Returns when the model is loaded and healthy. A truncated or unknown model is ErrorKind::invalid with the
  /// worker's own last lines in the message.
  [[nodiscard]] static Result<std::unique_ptr<Worker>> start(WorkerSpec spec);
  [[nodiscard]] virtual bool healthy() = 0;
  [[nodiscard]] virtual int restarts() const = 0;
  /// 0 while no process runs.
  [[nodiscard]] virtual pid_t pid() const = 0;
  /// Top-n next-token log-probabilities after a prompt of token ids, best first (used by tests and evaluation). Of the
  /// model's distribution before sampling. Nothing is added to the prompt.
  struct TokenProbability {
    int token;
    double logprob;
  };
  [[nodiscard]] virtual Result<std::vector<TokenProbability>> next_token(const std::vector<int>& prompt, int n,
                                                                         bool adapter) = 0;
  /// Of a worker that was not started for it: ErrorKind::usage.
  [[nodiscard]] Result<std::vector<double>> rerank(const std::string& query, const std::vector<std::string>& texts,
                                                   const std::stop_token& stop) override;
};

/// Chat and embeddings at any OpenAI-compatible base URL; the key is taken from the named environment variable.
struct RemoteConfig {
  std::string url;
  std::string model;
  std::string key_env;
  int context_tokens = 8192;
  int timeout_s = 600;
  int retries = 4;          ///< after 429, 5xx or a connection that failed before the answer began
  int longest_wait_s = 60;  ///< before one of them; a server that asks for more by Retry-After is given up
  void bind(config::Binder& b);
};
/// A server that says that it has had enough (429, 503) is left alone as long as it asks, by all threads; the same
/// request is then sent again. `http` and `clock` are replaced in tests.
[[nodiscard]] std::unique_ptr<ChatEngine> make_remote_chat(const RemoteConfig& config,
                                                           std::unique_ptr<HttpClient> http = nullptr,
                                                           Clock& clock = system_clock());

}  // namespace twin::models
