#include "evaluation/ranking_metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace twin::evaluation {
namespace {

int grade(const Judgements& judged, const std::string& id) {
  const auto found = judged.find(id);
  return found == judged.end() ? 0 : std::max(0, found->second);
}

double discount(std::size_t position) {
  return 1.0 / std::log2(static_cast<double>(position) + 2.0);
}

}  // namespace

double ndcg(const std::vector<std::string>& ranking, const Judgements& judged, std::size_t k) {
  std::vector<int> ideal;
  for (const auto& [id, value] : judged) {
    if (value > 0) ideal.push_back(value);
  }
  std::sort(ideal.begin(), ideal.end(), std::greater<>());
  double best = 0;
  for (std::size_t i = 0; i < std::min(k, ideal.size()); ++i) best += ideal[i] * discount(i);
  if (best <= 0) return 0;
  double sum = 0;
  for (std::size_t i = 0; i < std::min(k, ranking.size()); ++i) sum += grade(judged, ranking[i]) * discount(i);
  return sum / best;
}

double recall(const std::vector<std::string>& ranking, const Judgements& judged, std::size_t k) {
  const auto relevant =
      std::count_if(judged.begin(), judged.end(), [](const auto& judgement) { return judgement.second > 0; });
  if (relevant == 0) return 0;
  const auto end = ranking.begin() + static_cast<std::ptrdiff_t>(std::min(k, ranking.size()));
  const auto found = std::count_if(ranking.begin(), end, [&](const std::string& id) { return grade(judged, id) > 0; });
  return static_cast<double>(found) / static_cast<double>(relevant);
}

double reciprocal_rank(const std::vector<std::string>& ranking, const Judgements& judged, std::size_t k) {
  for (std::size_t i = 0; i < std::min(k, ranking.size()); ++i) {
    if (grade(judged, ranking[i]) > 0) return 1.0 / static_cast<double>(i + 1);
  }
  return 0;
}

double area_under_roc(const std::vector<double>& positive, const std::vector<double>& negative) {
  if (positive.empty() || negative.empty()) return 0.5;
  std::vector<double> sorted = negative;
  std::sort(sorted.begin(), sorted.end());
  double wins = 0;
  for (const double score : positive) {
    const auto [low, high] = std::equal_range(sorted.begin(), sorted.end(), score);
    wins += static_cast<double>(low - sorted.begin()) + 0.5 * static_cast<double>(high - low);
  }
  return wins / (static_cast<double>(positive.size()) * static_cast<double>(negative.size()));
}

double percentile(std::vector<double> values, double p) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double rank = std::ceil(std::clamp(p, 0.0, 1.0) * static_cast<double>(values.size()));
  return values[static_cast<std::size_t>(std::max(1.0, rank)) - 1];
}

}  // namespace twin::evaluation
