// Fakes of the engines for the tests of this room.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/text/unicode.h"
#include "models/engines/engine.h"
#include "stores/index/index.h"
#include "stores/runs/runs.h"

namespace twin::inference {

/// One token for each word.
class WordTokenizer : public models::Tokenizer {
 public:
  Result<std::vector<int>> tokenize(std::string_view text, bool) override {
    if (broken) return fail(ErrorKind::network, "the tokenizer is gone");
    std::vector<int> ids;
    bool inside = false;
    for (const char c : text) {
      const bool space = c == ' ' || c == '\n';
      if (!space && !inside) ids.push_back(static_cast<int>(ids.size()));
      inside = !space;
    }
    return ids;
  }
  Result<std::string> apply_template(const std::vector<models::Message>&, bool) override { return std::string(); }
  bool broken = false;
};

/// A vector whose axes are the given words: the share of each in the text. Texts beyond `window` bytes are refused.
class WordEmbedder : public models::EmbeddingEngine {
 public:
  explicit WordEmbedder(std::vector<std::string> words) : words_(std::move(words)) {}
  Result<std::vector<std::vector<float>>> embed(const std::vector<std::string>& texts) override {
    ++calls;
    if (failures > 0) {
      --failures;
      return fail(ErrorKind::network, "the embedding worker restarts");
    }
    std::vector<std::vector<float>> vectors;
    for (const std::string& text : texts) {
      if (text.size() > window) return fail(ErrorKind::limit, "too long");
      vectors.push_back(vector(text));
    }
    return vectors;
  }
  int dimension() const override { return static_cast<int>(words_.size()) + 1; }
  int window_tokens() const override { return static_cast<int>(window); }
  std::string model_hash() const override { return "fake"; }

  std::vector<float> vector(const std::string& text) const {
    std::vector<float> v(words_.size() + 1, 0.0F);
    v.back() = 0.1F;  // so that no text is without direction
    const std::string folded = text::fold(text);
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if (folded.find(words_[i]) != std::string::npos) v[i] = 1.0F;
    }
    float norm = 0;
    for (const float x : v) norm += x * x;
    for (float& x : v) x /= std::sqrt(norm);
    return v;
  }

  std::size_t window = 1000;
  std::atomic<int> failures = 0, calls = 0;

 private:
  std::vector<std::string> words_;
};

/// Says `pieces`, one delta each; remembers what it was asked.
class ScriptedChat : public models::ChatEngine {
 public:
  explicit ScriptedChat(std::vector<std::string> said) : pieces(std::move(said)) {}
  Result<models::ChatResult> chat(const models::ChatRequest& request,
                                  const std::function<bool(std::string_view)>& on_delta) override {
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    if (failures > 0) {
      --failures;
      return fail(ErrorKind::network, "the chat worker restarts");
    }
    models::ChatResult result;
    result.finish_reason = "stop";
    result.usage.prompt_tokens = 7;
    for (const std::string& piece : pieces) {
      if (before_piece) before_piece(request);
      const bool go_on = !request.cancel.stop_requested() && (!on_delta || on_delta(piece));
      if (!go_on) {
        result.finish_reason = "cancelled";
        return result;
      }
      result.text += piece;
      ++result.usage.completion_tokens;
    }
    return result;
  }
  int context_tokens() const override { return context; }

  models::ChatRequest last() {
    const std::lock_guard lock(mutex_);
    return requests_.back();
  }
  std::size_t asked() {
    const std::lock_guard lock(mutex_);
    return requests_.size();
  }

  std::vector<std::string> pieces;
  std::function<void(const models::ChatRequest&)> before_piece;
  std::atomic<int> failures = 0;
  int context = 4096;

 private:
  std::mutex mutex_;
  std::vector<models::ChatRequest> requests_;
};

/// Puts one document with the given chunks into an index. Chunk i starts at the end of chunk i - 1.
inline void put(stores::Index& index, const WordEmbedder& embedder, const std::string& id, const std::string& category,
                double weight, const std::vector<std::string>& texts,
                std::vector<stores::IndexedPicture> pictures = {}) {
  index.use_model(embedder.model_hash(), embedder.dimension());
  stores::IndexedDocument document;
  document.id = id;
  document.version = 1;
  document.feature_key = "k";
  document.url = "https://example.org/" + id;
  document.title = "About " + id;
  document.source = "folder";
  document.category = category;
  document.language = "en";
  document.weight = weight;
  document.pictures = std::move(pictures);
  std::vector<stores::Chunk> chunks;
  std::vector<std::vector<float>> vectors;
  for (const std::string& text : texts) {
    stores::Chunk chunk;
    chunk.id = id + "-" + std::to_string(chunks.size());
    chunk.document_id = id;
    chunk.document_version = 1;
    chunk.start = document.prose.size();
    document.prose += text;
    chunk.end = document.prose.size();
    chunk.headings = {document.title, "Part " + std::to_string(chunks.size() + 1)};
    chunk.text = text;
    chunk.retrieval = text;
    chunk.tokens = 10;
    chunks.push_back(chunk);
    vectors.push_back(embedder.vector(text));
  }
  value_or_throw(index.replace(document, chunks, vectors));
}

}  // namespace twin::inference
