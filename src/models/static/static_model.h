// A static embedding model (model2vec): a vector for each token, a text is the mean of its tokens. No network to run.
// https://github.com/MinishLab/model2vec
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "models/static/json_tokenizer.h"

namespace twin::models {

/// general.architecture of such a model's GGUF, and the keys below it (import_model2vec() writes them).
inline constexpr const char* static_architecture = "model2vec";
namespace static_keys {
inline constexpr const char* tokenizer = "tokenizer.huggingface.json";  ///< the file's text, by the GGUF specification
inline constexpr const char* dimension = "model2vec.embedding_length";  ///< of a vector
inline constexpr const char* window = "model2vec.context_length";       ///< tokens that are looked at
inline constexpr const char* pooling = "model2vec.pooling_type";        ///< 1: mean
inline constexpr const char* rows = "model2vec.token_rows";             ///< row of each token; absent: its id
inline constexpr const char* weights = "model2vec.token_weights";       ///< factor of each token; absent: 1
inline constexpr const char* table = "token_embd.weight";               ///< tensor: rows × dimension, f16 or f32
}  // namespace static_keys

/// Thread-safe. The table stays in the file, mapped into memory: only rows that texts ask for are read.
class StaticModel {
 public:
  /// ErrorKind::invalid for a file of another kind, or one whose parts do not fit together.
  [[nodiscard]] static Result<std::unique_ptr<StaticModel>> open(const std::filesystem::path& gguf);
  ~StaticModel();
  StaticModel(const StaticModel&) = delete;
  StaticModel& operator=(const StaticModel&) = delete;

  [[nodiscard]] int dimension() const { return static_cast<int>(dimension_); }
  [[nodiscard]] int window() const { return window_; }
  /// Tokens of a text that the vocabulary has; what it lacks is left out, as the original does.
  [[nodiscard]] std::vector<std::uint32_t> tokens(std::string_view text) const;
  /// The mean of the tokens' vectors, L2-normalized. Of no token, or of a mean without direction, there is none: then
  /// it is the opposite of the table's own mean, which is near to no text, so that such a passage is found last by
  /// meaning and still found by its words. (The original gives zeros there, which have no cosine.)
  [[nodiscard]] std::vector<float> vector(const std::vector<std::uint32_t>& tokens) const;

 private:
  StaticModel() = default;
  void add_row(std::size_t row, float weight, std::vector<double>& sum) const;
  [[nodiscard]] bool normalize(const std::vector<double>& sum, double sign, std::vector<float>& vector) const;
  [[nodiscard]] std::vector<float> nowhere() const;

  std::unique_ptr<JsonTokenizer> tokenizer_;
  std::vector<std::uint32_t> rows_of_tokens_;  ///< empty: a token's row is its id
  std::vector<float> weights_;                 ///< empty: 1
  std::size_t dimension_ = 0, rows_ = 0;
  int window_ = 0;
  bool half_ = false;
  void* map_ = nullptr;
  std::size_t mapped_ = 0;
  const std::byte* table_ = nullptr;  ///< in the map
  std::vector<float> nowhere_;        ///< what a text without a known token gets
};

}  // namespace twin::models
