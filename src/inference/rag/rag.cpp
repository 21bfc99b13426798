// Configuration and JSON forms of retrieval.
#include "inference/rag/rag.h"

#include <nlohmann/json.hpp>

#include "inference/rag/rerank.h"
#include "stores/index/fusion.h"

namespace twin::inference {
void RetrievalConfig::bind(config::Binder& b) {
  b.field("k", k, "Passages given to the model", {.min = 1, .max = 50});
  b.field("candidates", candidates, "Hits taken from each retriever before fusion", {.min = 1, .max = 1000});
  b.field("lexical_weight", lexical_weight, "Weight of the lexical score (BM25); 0 turns it off",
          {.min = 0, .max = 100});
  b.field("dense_weight", dense_weight, "Weight of the embedding score; 0 turns it off", {.min = 0, .max = 100});
  b.field("center_queries", center_queries,
          "Take what all questions share, and what tells the corpus's languages apart, from a question's vector");
  b.field("image_weight", image_weight,
          "Weight of what the pictures of a passage show, where models.embedding_mmproj is set; 0 turns it off",
          {.min = 0, .max = 100, .key_irrelevant = true});  // steps add it to their keys where there are pictures
  b.field("context_tokens", context_tokens, "Budget of the passages in the prompt, in tokens of the chat model",
          {.min = 64, .max = 1 << 20});
  b.field("history_tokens", history_tokens,
          "Budget of the earlier turns of a conversation, in tokens of the chat model", {.min = 0, .max = 1 << 20});
  b.field("adapter_scale", adapter_scale,
          "Strength of the tuned adapter in answers from passages; 1: as trained, 0: the base model",
          {.min = 0, .max = 2});
  b.field("support", support, "Share of a sentence's content words that a passage must hold to be cited",
          {.min = 0.05, .max = 1});
  b.field("fusion", fusion, "How the retrievers' scores are joined: zscore, rrf (ranks alone) or weighted (0 to 1)",
          {.one_of = stores::fusion_names()});
  b.field("page_evidence", page_evidence,
          "Weight of what the other passages found of a document add to each of them; 0 for nothing",
          {.min = 0, .max = 100});
  b.field(
      "spread_below", spread_below,
      "One passage of each document comes first where the best one holds less than this share of the question's words "
      "(unless max_per_document says otherwise); 0: never",
      {.min = 0, .max = 1});
  b.field("max_per_document", max_per_document,
          "Passages of one document, as long as others are left; 0 for any number", {.min = 0, .max = 1000});
  b.field("mmr_lambda", mmr_lambda,
          "Maximal marginal relevance: 1 for relevance alone, lower to avoid passages that are alike",
          {.min = 0, .max = 1});
  b.field("recency_days", recency_days, "Age at which the bonus for recent documents is halved, in days; 0 for none",
          {.min = 0, .max = 1e6});
  b.field("recency_weight", recency_weight, "Bonus of a document of today, in standard deviations of the score",
          {.min = 0, .max = 100});
  b.field("rerank", rerank, "What ranks the best passages anew: off, cross-encoder, llm or learned",
          {.one_of = rerank_names()});
  b.field("rerank_candidates", rerank_candidates, "Passages that are ranked anew", {.min = 1, .max = 1000});
  b.field("rerank_budget_ms", rerank_budget_ms,
          "Longest time for reranking a question; what is left keeps its order; 0 for no limit",
          {.min = 0, .max = 600'000});
  b.field("rerank_weight", rerank_weight, "Share of the reranker in the order; the rest is the first search's",
          {.min = 0, .max = 1});
  b.field("rerank_llm", rerank_llm, "How the chat model ranks: pointwise (yes or no to each) or listwise (an order)",
          {.one_of = {"pointwise", "listwise"}});
  b.field("rerank_passage_bytes", rerank_passage_bytes, "Beginning of each passage that the chat model is shown",
          {.min = 100, .max = 1 << 20});
  b.field(
      "not_covered", not_covered,
      "A question that the writing does not seem to answer: say (so, instead of answering), warn (answer and say so) "
      "or off",
      {.one_of = {"say", "warn", "off"}});
  b.group("query", query, "What happens to a question before it is searched for");
}

Json to_json(const Passage& passage) {
  Json parts = Json::object();
  for (const auto& [retriever, score] : passage.parts) parts[retriever] = score;
  Json shares = Json::object();
  for (const auto& [retriever, share] : passage.shares) shares[retriever] = share;
  Json json = {
      {"rank", passage.rank},
      {"score", passage.score},
      {"document_id", passage.document_id},
      {"url", passage.url},
      {"title", passage.title},
      {"heading", passage.heading},
      {"text", passage.text},
      {"start", passage.start},
      {"end", passage.end},
      {"parts", std::move(parts)},
      {"fusion",
       {{"rank", passage.fused_rank}, {"score", passage.fused}, {"page", passage.page}, {"shares", std::move(shares)}}},
      {"rerank", passage.reranked ? Json(*passage.reranked) : Json()}};
  if (!passage.picture.empty()) json["picture"] = passage.picture;
  if (passage.hit.end > 0) {
    json["hit"] = {{"start", passage.hit.start}, {"end", passage.hit.end}, {"heading", passage.hit.heading}};
  }
  return json;
}

Json to_json(const Citation& citation) {
  return {{"n", citation.n},         {"document_id", citation.document_id},
          {"url", citation.url},     {"title", citation.title},
          {"start", citation.start}, {"end", citation.end},
          {"text", citation.text}};
}

}  // namespace twin::inference
