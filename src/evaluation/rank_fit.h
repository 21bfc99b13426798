// A linear ranking fitted to examples: which of several rows of numbers is the right one.
#pragma once

#include <vector>

namespace twin::evaluation {

/// The candidates of one query.
struct RankGroup {
  std::vector<std::vector<double>> rows;  ///< features of each candidate
  std::vector<bool> relevant;             ///< at least one true, at least one false
};

struct RankFit {
  std::vector<double> weights, mean, scale;  ///< score = sum of weights * (x - mean) / scale
  [[nodiscard]] double score(const std::vector<double>& row) const;
};

/// The conditional logit (McFadden 1974; ListNet with a uniform target over the relevant ones): the weights under which
/// a softmax over each group's scores is most likely to choose the relevant candidates, with an L2 penalty of
/// `ridge` * the number of groups. Convex; solved by damped Newton steps, so equal examples give equal bits. Every
/// group counts the same. Without groups all weights are 0.
[[nodiscard]] RankFit fit_ranking(const std::vector<RankGroup>& groups, double ridge);

}  // namespace twin::evaluation
