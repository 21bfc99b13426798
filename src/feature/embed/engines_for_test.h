// Test help: an embedding engine and a tokenizer without a model.
#pragma once

#include <atomic>
#include <cmath>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/hash.h"
#include "feature/chunk/prose_for_test.h"
#include "models/engines/engine.h"

namespace twin::feature::testing {

/// Vectors from the hash of the text. `fail_on` decides which texts fail, and how.
class FakeEmbedder final : public models::EmbeddingEngine {
 public:
  std::string hash = "model-a";
  int dims = 8;
  int window = 128;
  std::function<std::optional<Error>(const std::string& text)> fail_on;
  std::function<void()> on_request;
  bool sees = false;  ///< pictures, too
  std::function<std::optional<Error>(const std::string& bytes)> fail_on_picture;

  [[nodiscard]] bool sees_pictures() const override { return sees; }
  Result<std::vector<float>> embed_picture(std::string_view bytes) override {
    ++pictures_;
    if (fail_on_picture) {
      if (const auto error = fail_on_picture(std::string(bytes))) return tl::unexpected(*error);
    }
    return vector_of(std::string(bytes));
  }
  [[nodiscard]] int pictures() const { return pictures_; }

  Result<std::vector<std::vector<float>>> embed(const std::vector<std::string>& texts) override {
    {
      const std::lock_guard lock(mutex_);
      ++requests_;
      texts_ += static_cast<int>(texts.size());
    }
    if (on_request) on_request();
    std::vector<std::vector<float>> out;
    for (const std::string& text : texts) {
      if (fail_on) {
        if (const auto error = fail_on(text)) return tl::unexpected(*error);
      }
      out.push_back(vector_of(text));
    }
    return out;
  }
  [[nodiscard]] int dimension() const override { return dims; }
  [[nodiscard]] int window_tokens() const override { return window; }
  [[nodiscard]] std::string model_hash() const override { return hash; }
  [[nodiscard]] int requests() const { return requests_; }
  [[nodiscard]] int texts() const { return texts_; }

 private:
  [[nodiscard]] std::vector<float> vector_of(const std::string& text) const {
    const std::string digest = sha256_hex(text);
    std::vector<float> vector;
    float norm = 0;
    for (int i = 0; i < dims; ++i) {
      vector.push_back(static_cast<float>(digest[static_cast<std::size_t>(i)]) - 60.0f);
      norm += vector.back() * vector.back();
    }
    for (float& x : vector) x /= std::sqrt(norm);
    return vector;
  }
  std::mutex mutex_;
  std::atomic<int> requests_ = 0, texts_ = 0, pictures_ = 0;
};

/// word_pieces() as a Tokenizer.
class FakeTokenizer final : public models::Tokenizer {
 public:
  Result<std::vector<int>> tokenize(std::string_view text, bool) override {
    return std::vector<int>(static_cast<std::size_t>(word_pieces(text)), 1);
  }
  Result<std::string> apply_template(const std::vector<models::Message>&, bool) override {
    return fail(ErrorKind::internal, "not used");
  }
};

}  // namespace twin::feature::testing
