#include "inference/rag/z_scores.h"

#include <algorithm>
#include <cmath>

namespace twin::inference {

std::vector<double> z_scores(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  double mean = 0, variance = 0;
  for (const double x : values) mean += x / count;
  for (const double x : values) variance += (x - mean) * (x - mean) / count;
  const double deviation = std::sqrt(variance);
  const bool equal = !(deviation > 1e-12 * std::max(1.0, std::abs(mean)));
  std::vector<double> scaled;
  scaled.reserve(values.size());
  for (const double x : values) scaled.push_back(equal ? 0 : (x - mean) / deviation);
  return scaled;
}

}  // namespace twin::inference
