// Fusion of retrievers' scores.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stores/index/index.h"

namespace twin::stores {

struct FusedHit {
  std::string chunk_id;
  double score = 0;
  std::map<std::string, double> parts;   ///< raw score by retriever: "lexical", "dense"
  std::map<std::string, double> shares;  ///< what each retriever adds to `score`
  std::string picture = {};              ///< Hit::picture of the list that has one
};

struct RankedList {
  std::string retriever;
  double weight = 1.0;
  std::vector<Hit> hits;         ///< best first
  std::vector<Hit> others = {};  ///< what this retriever says of passages that only another one found
  double lowest = 0;             ///< the least score that it could give: 0 for BM25, -1 for a cosine
  /// Of a passage of which it says nothing, where that speaks neither for nor against it; none: as the fusion has it.
  std::optional<double> unsaid = {};
};

/// Weighted sum of z-scores (each list's scores minus the mean of its hits over their standard deviation; `others` are
/// measured by the same scale); a hit of which a list says nothing gets its lowest z-score. Where all scores of a list
/// are equal (one hit, or no variance) its hits get 0 and the missing -1, so that being found still counts; an empty
/// list says nothing. With RankedList::unsaid the missing get the z-score of that. Ties by chunk id. Returns the best
/// k.
[[nodiscard]] std::vector<FusedHit> fuse_zscore(const std::vector<RankedList>& lists, int k);

/// Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009): the sum of weight / (60 + rank) over the lists
/// that hold the hit; `others` have no rank. Scores are above 0.
[[nodiscard]] std::vector<FusedHit> fuse_rrf(const std::vector<RankedList>& lists, int k);

/// The weighted mean of scores, each brought to [0, 1] by the least that its retriever could give and the best that it
/// gave ("TM2C2" of Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", TOIS 2023); 0 where
/// a list says nothing.
[[nodiscard]] std::vector<FusedHit> fuse_weighted(const std::vector<RankedList>& lists, int k);

enum class Fusion { zscore, rrf, weighted };
/// The names of the setting, in the order of the enumeration.
[[nodiscard]] const std::vector<std::string>& fusion_names();
/// By its name; anything else is zscore (the setting is checked where it is read).
[[nodiscard]] Fusion fusion_of(const std::string& name);
[[nodiscard]] std::vector<FusedHit> fuse(Fusion fusion, const std::vector<RankedList>& lists, int k);

}  // namespace twin::stores
