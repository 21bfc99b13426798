// One interface for chat, embedding and tokenization, whoever serves it: a supervised local worker (llama-server)
// or any OpenAI-compatible URL.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"

namespace twin::models {

struct Message {
  std::string role;  ///< system | user | assistant
  std::string content;
};

struct ChatRequest {
  std::vector<Message> messages;
  int max_tokens = 256;
  double temperature = 0.0;
  double top_p = 1.0;
  double repeat_penalty = 1.0;
  std::int64_t seed = 0;
  std::vector<std::string> stop;
  /// JSON Schema, as JSON text, that the answer must fit; empty: any text. The server enforces it while it generates
  /// (llama-server: a grammar; others: structured outputs).
  std::string json_schema;
  bool adapter = false;      ///< apply the adapter the engine was started with
  double adapter_scale = 1;  ///< 1: as trained; below it, between the base model (0) and the tuned one
  bool reuse_prefix = true;  ///< false: results do not depend on what was asked before (bit-reproducible)
  std::stop_token cancel;    ///< aborts generation and frees the worker's slot
};

struct Usage {
  int prompt_tokens = 0;
  int completion_tokens = 0;
};

struct ChatResult {
  std::string text;
  std::string finish_reason;  ///< stop | length | cancelled
  Usage usage;
  double first_token_ms = 0;
  double total_ms = 0;
};

/// Thread-safe.
class ChatEngine {
 public:
  virtual ~ChatEngine() = default;
  /// Streams through on_delta when given (return false to stop early).
  [[nodiscard]] virtual Result<ChatResult> chat(const ChatRequest& request,
                                                const std::function<bool(std::string_view)>& on_delta = {}) = 0;
  [[nodiscard]] virtual int context_tokens() const = 0;
};

/// Texts to be made vectors, and how.
struct EncodeRequest {
  std::vector<std::string> texts;
  bool queries = false;  ///< what is searched for, not what is found: another prefix with some models
  bool cut = false;      ///< a text longer than the window is cut at its end instead of being an error
};
struct Encoded {
  std::vector<std::vector<float>> vectors;  ///< one per text, in order, L2-normalized
  std::int64_t tokens = 0;                  ///< prefixes and special tokens included; 0: not known
  std::vector<std::size_t> cut;             ///< which texts were cut
};

/// Thread-safe.
class EmbeddingEngine {
 public:
  virtual ~EmbeddingEngine() = default;
  /// One L2-normalized vector per text, in order. Texts longer than the window are an error, never cut.
  [[nodiscard]] virtual Result<std::vector<std::vector<float>>> embed(const std::vector<std::string>& texts) = 0;
  /// As embed(), for texts that are searched for. They differ where the model was trained to see a prefix in front of
  /// questions and of passages (e5: "query: " and "passage: "): both functions put it there themselves.
  [[nodiscard]] virtual Result<std::vector<std::vector<float>>> embed_queries(const std::vector<std::string>& texts) {
    return embed(texts);
  }
  /// As these, with more to ask for and to be told. An engine that cannot cut fails on a long text.
  [[nodiscard]] virtual Result<Encoded> encode(const EncodeRequest& request) {
    auto vectors = request.queries ? embed_queries(request.texts) : embed(request.texts);
    if (!vectors) return tl::unexpected(vectors.error());
    return Encoded{std::move(*vectors), 0, {}};
  }
  /// Whether embed_picture() has an answer.
  [[nodiscard]] virtual bool sees_pictures() const { return false; }
  /// The L2-normalized vector of a picture (the bytes of a PNG or JPEG file, or of another format that the engine
  /// decodes), in the same space as those of texts. The same bytes give the same vector. Errors: usage, an engine that
  /// sees no pictures; invalid or limit, this picture cannot be had; network, the engine is at fault.
  [[nodiscard]] virtual Result<std::vector<float>> embed_picture(std::string_view bytes);
  [[nodiscard]] virtual int dimension() const = 0;
  /// Tokens a text may have, beside its prefix.
  [[nodiscard]] virtual int window_tokens() const = 0;
  /// Identifies the weights: vectors of different hashes must not be mixed.
  [[nodiscard]] virtual std::string model_hash() const = 0;
};

/// Thread-safe.
class RerankEngine {
 public:
  virtual ~RerankEngine() = default;
  /// How well each text answers the query, in order, higher is better; the scale is the model's (a logit with most).
  /// What does not fit the window is cut: of the query half of it may stay, of the text the rest.
  [[nodiscard]] virtual Result<std::vector<double>> rerank(const std::string& query,
                                                           const std::vector<std::string>& texts,
                                                           const std::stop_token& stop) = 0;
};

/// Thread-safe.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  /// Token ids. `special`: add BOS/EOS as the model wants and parse special tokens in the text.
  [[nodiscard]] virtual Result<std::vector<int>> tokenize(std::string_view text, bool special) = 0;
  /// How many tokens tokenize() gives for each text, in order. A worker counts them all in one request.
  [[nodiscard]] virtual Result<std::vector<int>> count_tokens(const std::vector<std::string>& texts, bool special) {
    std::vector<int> counts;
    counts.reserve(texts.size());
    for (const std::string& text : texts) {
      const auto ids = tokenize(text, special);
      if (!ids) return tl::unexpected(ids.error());
      counts.push_back(static_cast<int>(ids->size()));
    }
    return counts;
  }
  /// The chat template of the model (Jinja), applied as the server does. With `generation_prompt` the text ends where
  /// the assistant's answer begins.
  [[nodiscard]] virtual Result<std::string> apply_template(const std::vector<Message>& messages,
                                                           bool generation_prompt) = 0;
};

}  // namespace twin::models
