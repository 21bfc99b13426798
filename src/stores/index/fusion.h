// Fusion of retrievers' scores.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "stores/index/index.h"

namespace twin::stores {

struct FusedHit {
  std::string chunk_id;
  double score = 0;
  std::map<std::string, double> parts;  ///< raw score by retriever: "lexical", "dense"
};

struct RankedList {
  std::string retriever;
  double weight = 1.0;
  std::vector<Hit> hits;         ///< best first
  std::vector<Hit> others = {};  ///< what this retriever says of passages that only another one found
};

/// Weighted sum of z-scores (each list's scores minus the mean of its hits over their standard deviation; `others` are
/// measured by the same scale); a hit of which a list says nothing gets its lowest z-score. Where all scores of a list
/// are equal (one hit, or no variance) its hits get 0 and the missing -1, so that being found still counts; an empty
/// list says nothing. Ties by chunk id. Returns the best k.
[[nodiscard]] std::vector<FusedHit> fuse_zscore(const std::vector<RankedList>& lists, int k);

}  // namespace twin::stores
