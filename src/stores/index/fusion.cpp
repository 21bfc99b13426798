#include "stores/index/fusion.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace twin::stores {
namespace {

// Cormack et al. found 60 on four TREC collections; everybody uses it.
constexpr double kRrfConstant = 60;

using Scores = std::map<std::string, double>;

struct Scale {
  double mean = 0;
  double deviation = 1;
  double missing = 0;  // the z-score of a hit that is not in the list
};

// The first occurrence of each finite hit of a list.
Scores scores_of(const RankedList& list) {
  Scores scores;
  for (const auto& hit : list.hits) {
    if (std::isfinite(hit.score)) scores.try_emplace(hit.chunk_id, hit.score);
  }
  return scores;
}

Scale scale_of(const Scores& scores) {
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

std::map<std::string, int> ranks_of(const RankedList& list) {
  std::map<std::string, int> ranks;
  for (const auto& hit : list.hits) {
    if (std::isfinite(hit.score)) ranks.try_emplace(hit.chunk_id, static_cast<int>(ranks.size()) + 1);
  }
  return ranks;
}

// What a list adds to the score of a hit, of which it says `score` or nothing (null).
using Share = std::function<double(const std::string& id, const double* score)>;
// Made for a list and the scores of its own hits.
using MakeShare = std::function<Share(const RankedList& list, const Scores& own)>;

std::vector<FusedHit> combine(const std::vector<RankedList>& lists, int k, const MakeShare& make_share) {
  std::map<std::string, FusedHit> fused;
  std::vector<Scores> scores;
  for (const auto& list : lists) {
    scores.push_back(scores_of(list));
    for (const auto& [id, score] : scores.back()) {
      fused[id].chunk_id = id;
      fused[id].parts[list.retriever] = score;
    }
    for (const auto& hit : list.hits) {
      if (!hit.picture.empty() && scores.back().contains(hit.chunk_id)) fused[hit.chunk_id].picture = hit.picture;
    }
  }
  for (std::size_t i = 0; i < lists.size(); ++i) {
    const Share share = make_share(lists[i], scores[i]);
    for (const auto& other : lists[i].others) {
      const auto known = fused.find(other.chunk_id);
      if (known == fused.end() || !std::isfinite(other.score)) continue;
      if (scores[i].try_emplace(other.chunk_id, other.score).second)
        known->second.parts[lists[i].retriever] = other.score;
    }
    for (auto& [id, hit] : fused) {
      const auto found = scores[i].find(id);
      const double added = share(id, found == scores[i].end() ? nullptr : &found->second);
      hit.shares[lists[i].retriever] = added;
      hit.score += added;
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

}  // namespace

std::vector<FusedHit> fuse_zscore(const std::vector<RankedList>& lists, int k) {
  return combine(lists, k, [](const RankedList& list, const Scores& own) -> Share {
    return
        [scale = scale_of(own), weight = list.weight, unsaid = list.unsaid](const std::string&, const double* score) {
          if (score == nullptr && !unsaid) return weight * scale.missing;
          return weight * ((score == nullptr ? *unsaid : *score) - scale.mean) / scale.deviation;
        };
  });
}

std::vector<FusedHit> fuse_rrf(const std::vector<RankedList>& lists, int k) {
  return combine(lists, k, [](const RankedList& list, const Scores&) -> Share {
    return [ranks = ranks_of(list), weight = list.weight](const std::string& id, const double*) {
      const auto rank = ranks.find(id);
      return rank == ranks.end() ? 0.0 : weight / (kRrfConstant + rank->second);
    };
  });
}

std::vector<FusedHit> fuse_weighted(const std::vector<RankedList>& lists, int k) {
  double weights = 0;
  for (const auto& list : lists) weights += list.weight;
  return combine(lists, k, [weights](const RankedList& list, const Scores& own) -> Share {
    double best = list.lowest;
    for (const auto& [id, score] : own) best = std::max(best, score);
    return [lowest = list.lowest, range = best - list.lowest, weight = weights > 0 ? list.weight / weights : 0,
            unsaid = list.unsaid](const std::string&, const double* score) {
      if ((score == nullptr && !unsaid) || range <= 0) return 0.0;
      return weight * std::clamp(((score == nullptr ? *unsaid : *score) - lowest) / range, 0.0, 1.0);
    };
  });
}

const std::vector<std::string>& fusion_names() {
  static const std::vector<std::string> names = {"zscore", "rrf", "weighted"};
  return names;
}

Fusion fusion_of(const std::string& name) {
  if (name == "rrf") return Fusion::rrf;
  return name == "weighted" ? Fusion::weighted : Fusion::zscore;
}

std::vector<FusedHit> fuse(Fusion fusion, const std::vector<RankedList>& lists, int k) {
  switch (fusion) {
    case Fusion::rrf:
      return fuse_rrf(lists, k);
    case Fusion::weighted:
      return fuse_weighted(lists, k);
    case Fusion::zscore:
      break;
  }
  return fuse_zscore(lists, k);
}

}  // namespace twin::stores
