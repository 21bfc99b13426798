// POST /v1/embeddings and /v1/search

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/base64.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "inference/gateway/endpoints.h"
#include "inference/gateway/fields.h"

namespace twin::inference {
namespace {

constexpr int max_results = 100;
constexpr std::size_t max_filter_values = 64;

/// Tokens of the texts; the worker is also a tokenizer, a remote engine may not be (then 0).
int count_tokens(models::EmbeddingEngine& embedder, const std::vector<std::string>& texts) {
  auto* tokenizer = dynamic_cast<models::Tokenizer*>(&embedder);
  const auto counts = tokenizer == nullptr ? Result<std::vector<int>>() : tokenizer->count_tokens(texts, true);
  return counts ? std::accumulate(counts->begin(), counts->end(), 0) : 0;
}

std::vector<std::string> embedding_inputs(Fields& fields, const ServeConfig& config) {
  if (fields.find("input") == nullptr) {
    fields.refuse(bad_request(tr("'{}' is missing", "input"), "input", "missing_required_parameter"));
  }
  auto inputs = fields.texts("input", static_cast<std::size_t>(config.max_inputs));
  const bool empty = std::any_of(inputs.begin(), inputs.end(), [](const auto& text) { return text.empty(); });
  if (inputs.empty() || empty) {
    fields.refuse(bad_request(tr("'{}' must not be empty", "input"), "input", "invalid_value"));
  }
  return inputs;
}

/// Checks model, encoding_format and dimensions; returns whether base64 is wanted.
bool embedding_options(Fields& fields, const Gateway::Parts& parts) {
  const std::string model = fields.text("model", true);
  if (const std::string served = parts.embedding_model(); model != served) {
    fields.refuse({404, tr("There is no embedding model '{}'; the model is {}", text::clip(model, 80), served),
                   "invalid_request_error", "model", "model_not_found"});
  }
  const std::string format = fields.text("encoding_format", false);
  if (!format.empty() && format != "float" && format != "base64") {
    fields.refuse(
        bad_request(tr("'{}' must be float or base64", "encoding_format"), "encoding_format", "invalid_value"));
  }
  const int dimension = parts.embedder.dimension();
  if (fields.find("dimensions") != nullptr) {
    (void)fields.integer("dimensions", dimension, dimension, dimension);
  }
  return format == "base64";
}

}  // namespace

ApiResponse Endpoints::embeddings(const ApiRequest& request) const {
  Fields fields(request.body);
  if (fields.error()) return to_response(*fields.error());
  const bool base64 = embedding_options(fields, parts);
  const auto inputs = embedding_inputs(fields, config);
  if (fields.error()) return to_response(*fields.error());
  if (!parts.ready()) return to_response(still_loading());
  const auto entry = queues.embeddings.enter(request.cancel);
  if (entry.outcome != Admission::Outcome::admitted) return to_response(refused(entry.outcome));

  const auto vectors = parts.embedder.embed(inputs);
  if (!vectors) return to_response(from_error(vectors.error()));
  const std::string model = fields.text("model", true);
  if (model != parts.embedding_model()) return to_response(still_loading());  // it was switched meanwhile
  Json data = Json::array();
  for (std::size_t i = 0; i < vectors->size(); ++i) {
    const auto& vector = (*vectors)[i];
    data.push_back(
        {{"object", "embedding"}, {"index", i}, {"embedding", base64 ? Json(base64_floats(vector)) : Json(vector)}});
  }
  const int tokens = count_tokens(parts.embedder, inputs);
  return json_response({{"object", "list"},
                        {"data", std::move(data)},
                        {"model", model},
                        {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}});
}

namespace {

/// What the request wants otherwise than configured: fusion, rerank, max_per_document, mmr_lambda.
RetrievalConfig retrieval_of(Fields& fields, RetrievalConfig config) {
  config.fusion = fields.choice("fusion", config.fusion, stores::fusion_names());
  config.rerank = fields.choice("rerank", config.rerank, rerank_names());
  config.max_per_document =
      static_cast<int>(fields.integer("max_per_document", config.max_per_document, 0, max_results));
  config.mmr_lambda = fields.number("mmr_lambda", config.mmr_lambda, 0, 1);
  return config;
}

}  // namespace

ApiResponse Endpoints::search(const ApiRequest& request) const {
  Fields fields(request.body);
  if (fields.error()) return to_response(*fields.error());
  const std::string query = fields.text("query", true);
  const int k = static_cast<int>(fields.integer("k", 0, 1, max_results));
  stores::IndexFilter filter;
  filter.categories = fields.texts("categories", max_filter_values);
  filter.sources = fields.texts("sources", max_filter_values);
  filter.languages = fields.texts("languages", max_filter_values);
  (void)retrieval_of(fields, {});  // what is wrong is said before there is anything to wait for
  if (fields.error()) return to_response(*fields.error());
  if (!parts.ready()) return to_response(still_loading());
  const auto entry = queues.searches.enter(request.cancel);
  if (entry.outcome != Admission::Outcome::admitted) return to_response(refused(entry.outcome));
  const auto assistant = parts.assistant();
  if (!assistant) return to_response(still_loading());

  const auto found = assistant->find({query, k, filter, request.cancel}, retrieval_of(fields, assistant->config()));
  if (!found) return to_response(from_error(found.error()));
  Json results = Json::array();
  for (const Passage& passage : found->passages) results.push_back(to_json(passage));
  return json_response({{"results", std::move(results)},
                        {"words_alone", found->words_alone},
                        {"rerank", to_json(found->rerank)},
                        {"coverage", to_json(found->coverage)}});
}

}  // namespace twin::inference
