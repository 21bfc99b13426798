// Configuration and JSON forms of retrieval.
#include "inference/rag/rag.h"

#include <nlohmann/json.hpp>

namespace twin::inference {
void RetrievalConfig::bind(config::Binder& b) {
  b.field("k", k, "Passages given to the model", {.min = 1, .max = 50});
  b.field("candidates", candidates, "Hits taken from each retriever before fusion", {.min = 1, .max = 1000});
  b.field("lexical_weight", lexical_weight, "Weight of the lexical score (BM25); 0 turns it off",
          {.min = 0, .max = 100});
  b.field("dense_weight", dense_weight, "Weight of the embedding score; 0 turns it off", {.min = 0, .max = 100});
  b.field("context_tokens", context_tokens, "Budget of the passages in the prompt, in tokens of the chat model",
          {.min = 64, .max = 1 << 20});
  b.field("history_tokens", history_tokens,
          "Budget of the earlier turns of a conversation, in tokens of the chat model", {.min = 0, .max = 1 << 20});
  b.field("adapter_scale", adapter_scale,
          "Strength of the tuned adapter in answers from passages; 1: as trained, 0: the base model",
          {.min = 0, .max = 2});
  b.field("support", support, "Share of a sentence's content words that a passage must hold to be cited",
          {.min = 0.05, .max = 1});
}

Json to_json(const Passage& passage) {
  Json parts = Json::object();
  for (const auto& [retriever, score] : passage.parts) parts[retriever] = score;
  Json json = {{"rank", passage.rank},     {"score", passage.score}, {"document_id", passage.document_id},
               {"url", passage.url},       {"title", passage.title}, {"heading", passage.heading},
               {"text", passage.text},     {"start", passage.start}, {"end", passage.end},
               {"parts", std::move(parts)}};
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
