// Measures of one ranked list against graded judgements, as trec_eval and BEIR compute them.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace twin::evaluation {

/// Grade by document id; documents that are not named, or have a grade of 0 or less, are not relevant.
using Judgements = std::map<std::string, int>;

/// nDCG@k with the grade itself as gain and log2(rank + 1) as discount (trec_eval's ndcg_cut; Järvelin and Kekäläinen,
/// "Cumulated gain-based evaluation of IR techniques", 2002). The ideal list is made of all judged documents, found or
/// not. 0 where nothing is relevant.
[[nodiscard]] double ndcg(const std::vector<std::string>& ranking, const Judgements& judged, std::size_t k);
/// Share of the relevant documents among the first k. 0 where nothing is relevant.
[[nodiscard]] double recall(const std::vector<std::string>& ranking, const Judgements& judged, std::size_t k);
/// 1 / rank of the first relevant document, 0 when it is not among the first k.
[[nodiscard]] double reciprocal_rank(const std::vector<std::string>& ranking, const Judgements& judged, std::size_t k);

/// Share of pairs in which the first kind of item has the higher score, ties counting half: the area under the ROC
/// curve (Hanley and McNeil 1982). 0.5 where one of the kinds is missing.
[[nodiscard]] double area_under_roc(const std::vector<double>& positive, const std::vector<double>& negative);

/// The value below which a share `p` of the values lies (nearest rank); 0 without values.
[[nodiscard]] double percentile(std::vector<double> values, double p);

}  // namespace twin::evaluation
