#include "stores/index/fusion.h"

#include <algorithm>
#include <cmath>

namespace twin::stores {
namespace {

struct Scale {
  double mean = 0;
  double deviation = 1;
  double missing = 0;  // the z-score of a hit that is not in the list
};

// The first occurrence of each finite hit of a list.
std::map<std::string, double> scores_of(const RankedList& list) {
  std::map<std::string, double> scores;
  for (const auto& hit : list.hits) {
    if (std::isfinite(hit.score)) scores.try_emplace(hit.chunk_id, hit.score);
  }
  return scores;
}

Scale scale_of(const std::map<std::string, double>& scores) {
  if (scores.empty()) return {};
  const auto count = static_cast<double>(scores.size());
  Scale scale;
  double lowest = scores.begin()->second;
  for (const auto& [id, score] : scores) {
    scale.mean += score / count;
    lowest = std::min(lowest, score);
  }
  double variance = 0;
  for (const auto& [id, score] : scores) variance += (score - scale.mean) * (score - scale.mean) / count;
  const double deviation = std::sqrt(variance);
  // Rounding of the mean leaves a trace of variance in equal scores.
  if (deviation <= 1e-12 * std::max(1.0, std::abs(scale.mean))) {
    scale.mean = lowest;
    scale.missing = -1;
    return scale;
  }
  scale.deviation = deviation;
  scale.missing = (lowest - scale.mean) / deviation;
  return scale;
}

}  // namespace

std::vector<FusedHit> fuse_zscore(const std::vector<RankedList>& lists, int k) {
  std::map<std::string, FusedHit> fused;
  std::vector<std::map<std::string, double>> scores;
  for (const auto& list : lists) {
    scores.push_back(scores_of(list));
    for (const auto& [id, score] : scores.back()) {
      fused[id].chunk_id = id;
      fused[id].parts[list.retriever] = score;
    }
  }
  for (std::size_t i = 0; i < lists.size(); ++i) {
    const Scale scale = scale_of(scores[i]);
    for (const auto& other : lists[i].others) {
      const auto known = fused.find(other.chunk_id);
      if (known == fused.end() || !std::isfinite(other.score)) continue;
      if (scores[i].try_emplace(other.chunk_id, other.score).second)
        known->second.parts[lists[i].retriever] = other.score;
    }
    for (auto& [id, hit] : fused) {
      const auto found = scores[i].find(id);
      const double z = found == scores[i].end() ? scale.missing : (found->second - scale.mean) / scale.deviation;
      hit.score += lists[i].weight * z;
    }
  }
  std::vector<FusedHit> hits;
  hits.reserve(fused.size());
  for (auto& [id, hit] : fused) hits.push_back(std::move(hit));
  // The map is in order of id, so ties stay in that order.
  std::stable_sort(hits.begin(), hits.end(), [](const FusedHit& a, const FusedHit& b) { return a.score > b.score; });
  if (hits.size() > static_cast<std::size_t>(std::max(k, 0))) hits.resize(static_cast<std::size_t>(std::max(k, 0)));
  return hits;
}

}  // namespace twin::stores
