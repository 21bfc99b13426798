// The vector that is searched for.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "stores/index/quantize.h"

namespace twin::stores {

/// A query's codes and what estimates need to know of them.
class VectorQuery {
 public:
  explicit VectorQuery(const QuantizedVector& query);

  [[nodiscard]] std::size_t dimension() const { return dimension_; }
  [[nodiscard]] const std::int8_t* codes() const { return codes_.data(); }  ///< row_bytes(dimension())
  [[nodiscard]] float scale() const { return scale_; }
  [[nodiscard]] std::int32_t sum() const { return sum_; }  ///< of the codes
  /// What the lower halves of a row's codes may add to its product beside what their mean adds, for each unit of their
  /// standard deviation.
  [[nodiscard]] float doubt() const { return doubt_; }

 private:
  std::size_t dimension_;
  std::vector<std::int8_t> codes_;
  float scale_;
  std::int32_t sum_ = 0;
  float doubt_ = 0;
};

// Of values in random order, the product with others has the variance n / (n - 1) * variance * sum of the others'
// squared distances to their mean.
inline VectorQuery::VectorQuery(const QuantizedVector& query)
    : dimension_(query.codes.size()), codes_(query.codes), scale_(query.scale) {
  codes_.resize(row_bytes(dimension_));
  float squares = 0;
  for (const std::int8_t code : codes_) {
    sum_ += code;
    squares += static_cast<float>(code * code);
  }
  if (dimension_ < 2) return;
  const auto n = static_cast<float>(dimension_), sum = static_cast<float>(sum_);
  doubt_ = std::sqrt(std::max(0.0F, squares - sum * sum / n) * n / (n - 1));
}

}  // namespace twin::stores
