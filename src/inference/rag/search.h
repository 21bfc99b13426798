// Hybrid search in its steps: what each retriever finds, fusion, reranking, choice.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "inference/rag/answerability.h"
#include "inference/rag/rag.h"
#include "inference/rag/rerank.h"
#include "stores/index/fusion.h"

namespace twin::inference {

struct SearchTools {
  stores::Index& index;
  models::EmbeddingEngine& embedder;
  Reranker* reranker = nullptr;                  ///< the one that the configuration names, if any
  const Answerability* answerability = nullptr;  ///< calibrated on the index; null: uncalibrated()
};

struct SearchRequest {
  std::string query;
  int k = 0;  ///< 0: by configuration
  stores::IndexFilter filter = {};
  std::stop_token cancel = {};
  /// Hypothetical ones, whose vectors are averaged with the query's (HyDE, Gao et al. 2022).
  std::vector<std::string> passages = {};
  /// The vector of a picture that is searched for; `query` and `passages` are not looked at then.
  std::vector<float> picture = {};
};

/// What was found, and how.
struct Found {
  std::vector<Passage> passages;
  std::string fusion;        ///< how the scores were joined
  int candidates = 0;        ///< passages that the retrievers found, repetitions left out
  bool words_alone = false;  ///< the vectors were not asked: the model does not know the question's language
  RerankReport rerank;
  Coverage coverage = {};  ///< whether the corpus answers; unless retrieval.not_covered is off
};

/// Lexical and dense candidates, each judged by both, fused, with the logarithm of the category's weight, the bonus for
/// recent documents and what the other candidates of a document show (page_evidence) added, all in standard deviations
/// of the fused score; passages that repeat or mostly overlap a better one are left out; the best are ranked anew by
/// the reranker within its time; k are chosen (choose.h), of different documents first where words do not say which
/// passage is meant (spread_below). A question longer than the embedder's window is embedded by its beginning. Nothing
/// found is an empty list. Errors: those of the embedder; usage when the configuration asks for a reranker that is not
/// there. A reranker that fails is none: the order stays, and the report says why.
///
/// The question's vector is compared without what questions share (centered.h); not at all where words are searched and
/// the model does not know the question's language.
///
/// Where the index has vectors of pictures, a passage is a candidate by them, too. They say something of a passage only
/// where its picture is nearer to the question than pictures mostly are: a cosine between a text and a picture has
/// another range than one between texts. A picture that is searched for finds the passages with the nearest pictures;
/// by texts only where no picture can be found.
[[nodiscard]] Result<Found> find_passages(const SearchTools& tools, const SearchRequest& request,
                                          const RetrievalConfig& config);

/// The last steps: passages in the order of `fused`, ranked anew, chosen, read with their parents. What is no longer
/// there then is left out.
[[nodiscard]] Result<Found> finish_search(const SearchTools& tools, const SearchRequest& request,
                                          const RetrievalConfig& config, std::vector<Passage> passages);
/// The first step alone: a list for each retriever whose weight is above 0 and that found something.
[[nodiscard]] Result<std::vector<stores::RankedList>> retrieve(const SearchTools& tools, const SearchRequest& request,
                                                               const RetrievalConfig& config);
/// The next ones: fused, without repetitions, best first; `fused` and `fused_rank` are set. Most of their texts are
/// still to be read (read_texts.h): of a hundred a few are shown.
[[nodiscard]] std::vector<Passage> fused_passages(stores::Index& index, const std::string& query,
                                                  const std::vector<stores::RankedList>& lists,
                                                  const RetrievalConfig& config);

}  // namespace twin::inference
