// The last step of a tokenizer.json: a piece of text into entries of the vocabulary.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"

namespace twin::models {

/// Thread-safe.
class PieceModel {
 public:
  virtual ~PieceModel() = default;
  /// Appends the ids of a piece, among them unknown() for what the vocabulary lacks.
  virtual void encode(std::string_view piece, std::vector<std::uint32_t>& ids) const = 0;
  [[nodiscard]] virtual std::optional<std::uint32_t> unknown() const = 0;
  /// One above the largest id.
  [[nodiscard]] virtual std::size_t size() const = 0;
};

/// Of "model": WordPiece (longest first), Unigram (the best sum of scores; Kudo 2018) or WordLevel. Another type, or a
/// vocabulary that is none, is ErrorKind::invalid.
[[nodiscard]] Result<std::unique_ptr<PieceModel>> make_piece_model(const Json& json);

}  // namespace twin::models
