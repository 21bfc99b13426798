// How many different things a training set is about: its answers in groups of alike ones. Measured by
// evaluation/set_diversity; here is what the statistics show of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/json.h"

namespace twin::feature {

struct SetGroup {
  std::string name;                ///< the words that tell it from the others, joined by ", "
  std::vector<std::string> words;  ///< best first
  std::int64_t samples = 0;
};

struct SetPoint {
  double x = 0, y = 0;  ///< -1 to 1, y upwards: near each other is what the embedding model finds alike
  int group = 0;
  std::string text;  ///< the answer's beginning
};

struct SetDiversity {
  std::int64_t all = 0;          ///< answers, of which the points are a sample or all
  std::vector<SetGroup> groups;  ///< the largest first
  std::vector<SetPoint> points;
  std::string model;  ///< the embedding model's name
  /// Samples of the largest group as a share of the points.
  [[nodiscard]] double largest_share() const;
  /// Shannon entropy of the groups' shares, in bits; 0 for one group, log2 of their number for equal ones.
  [[nodiscard]] double entropy() const;
  /// 2 to the entropy: as many groups of equal size would be as diverse (Hill number of order 1, Hill 1973).
  [[nodiscard]] double effective_groups() const;
};

/// Without the points.
[[nodiscard]] Json to_json(const SetDiversity& diversity);
[[nodiscard]] std::string to_text(const SetDiversity& diversity);
/// A figure of the points in the colours of their groups, and a table of these.
[[nodiscard]] std::string to_html(const SetDiversity& diversity);

}  // namespace twin::feature
