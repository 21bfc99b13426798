#include "inference/trace.h"

#include <nlohmann/json.hpp>

#include "core/clock.h"
#include "core/hash.h"
#include "core/log.h"
#include "inference/query/plan_report.h"

namespace twin::inference {
namespace {

constexpr std::size_t trace_id_digits = 32, span_id_digits = 16;

/// Hex digits only: random_id gives "<prefix>_" and 24 of them.
std::string random_hex(std::size_t digits) {
  std::string hex;
  while (hex.size() < digits) hex += random_id("x").substr(2);
  hex.resize(digits);
  return hex;
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json message_json(std::string_view role, std::string_view content) {
  return {{"role", role}, {"parts", Json::array({{{"type", "text"}, {"content", content}}})}};
}

/// A passage with its way through the search: what each retriever said, and its ranks.
Json document_json(const Passage& passage) {
  Json document = {{"id", passage.document_id + "#" + std::to_string(passage.start)},
                   {"score", passage.score},
                   {"url", passage.url},
                   {"rank", passage.rank},
                   {"fused_rank", passage.fused_rank}};
  for (const auto& [retriever, score] : passage.parts) document[retriever] = score;
  if (passage.reranked) document["rerank"] = *passage.reranked;
  return document;
}

Json chat_attributes(const models::ChatRequest& request, const std::string& model) {
  Json input = Json::array();
  for (const auto& message : request.messages) input.push_back(message_json(message.role, message.content));
  Json attributes = {{"gen_ai.operation.name", "chat"},
                     {"gen_ai.provider.name", "twin"},
                     {"gen_ai.request.model", model},
                     {"gen_ai.request.max_tokens", request.max_tokens},
                     {"gen_ai.request.temperature", request.temperature},
                     {"gen_ai.request.top_p", request.top_p},
                     {"gen_ai.request.seed", request.seed}};
  if (!request.stop.empty()) attributes["gen_ai.request.stop_sequences"] = request.stop;
  attributes["gen_ai.input.messages"] = std::move(input);
  return attributes;
}

}  // namespace

Trace::Trace(stores::Runs* runs, std::string model)
    : runs_(runs),
      model_(std::move(model)),
      trace_id_(random_hex(trace_id_digits)),
      root_id_(random_hex(span_id_digits)),
      started_(system_clock().now()),
      started_monotonic_(system_clock().monotonic()) {
  attributes_ = dump({{"gen_ai.operation.name", "invoke_agent"},
                      {"gen_ai.provider.name", "twin"},
                      {"gen_ai.agent.name", model_},
                      {"gen_ai.request.model", model_}});
}

Trace::~Trace() {
  save({.trace_id = trace_id_,
        .span_id = root_id_,
        .parent_id = {},
        .name = "invoke_agent " + model_,
        .started = started_,
        .duration_ms = elapsed_ms(),
        .status = status_,
        .attributes = attributes_});
}

double Trace::elapsed_ms() const {
  return (system_clock().monotonic() - started_monotonic_) * 1000.0;
}

void Trace::save(stores::Span span) {
  if (runs_ == nullptr) return;
  try {
    runs_->save(span);
  } catch (const std::exception& error) {
    log::warn("trace {} not saved: {}", trace_id_, error.what());
  }
}

void Trace::retrieved(const QueryPlan& plan, int k, const Result<Found>& found, double duration_ms) {
  Json documents = Json::array();
  Json attributes = {{"gen_ai.operation.name", "retrieval"},
                     {"gen_ai.provider.name", "twin"},
                     {"gen_ai.retrieval.query.text", plan.question},
                     {"gen_ai.retrieval.top_k", k}};
  if (!plan.steps.empty()) attributes["twin.retrieval.query.steps"] = to_json(plan).at("steps");
  if (found) {
    for (const Passage& p : found->passages) documents.push_back(document_json(p));
    attributes["twin.retrieval.fusion"] = found->fusion;
    attributes["twin.retrieval.candidates"] = found->candidates;
    if (found->words_alone) attributes["twin.retrieval.words_alone"] = true;
    attributes["twin.retrieval.coverage"] = to_json(found->coverage);
    if (found->rerank.name != "off") attributes["twin.retrieval.rerank"] = to_json(found->rerank);
  }
  attributes["gen_ai.retrieval.documents"] = std::move(documents);
  save({.trace_id = trace_id_,
        .span_id = random_hex(span_id_digits),
        .parent_id = root_id_,
        .name = "retrieval index",
        .started = system_clock().now() - static_cast<UnixMillis>(duration_ms),
        .duration_ms = duration_ms,
        .status = found ? "ok" : found.error().text(),
        .attributes = dump(attributes)});
}

void Trace::generated(const models::ChatRequest& request, const Result<models::ChatResult>& result,
                      double duration_ms) {
  Json attributes = chat_attributes(request, model_);
  if (result) {
    attributes["gen_ai.response.model"] = model_;
    attributes["gen_ai.response.finish_reasons"] = Json::array({result->finish_reason});
    attributes["gen_ai.response.time_to_first_chunk"] = result->first_token_ms / 1000.0;
    attributes["gen_ai.usage.input_tokens"] = result->usage.prompt_tokens;
    attributes["gen_ai.usage.output_tokens"] = result->usage.completion_tokens;
    attributes["gen_ai.output.messages"] = Json::array({message_json("assistant", result->text)});
  }
  save({.trace_id = trace_id_,
        .span_id = random_hex(span_id_digits),
        .parent_id = root_id_,
        .name = "chat " + model_,
        .started = system_clock().now() - static_cast<UnixMillis>(duration_ms),
        .duration_ms = duration_ms,
        .status = result ? "ok" : result.error().text(),
        .attributes = dump(attributes)});
}

void Trace::finish(std::string_view question, std::string_view answer, const models::Usage& usage) {
  status_ = "ok";
  attributes_ = dump({{"gen_ai.operation.name", "invoke_agent"},
                      {"gen_ai.provider.name", "twin"},
                      {"gen_ai.agent.name", model_},
                      {"gen_ai.request.model", model_},
                      {"gen_ai.usage.input_tokens", usage.prompt_tokens},
                      {"gen_ai.usage.output_tokens", usage.completion_tokens},
                      {"gen_ai.input.messages", Json::array({message_json("user", question)})},
                      {"gen_ai.output.messages", Json::array({message_json("assistant", answer)})}});
}

void Trace::fail(const Error& error) {
  status_ = error.text();
}

}  // namespace twin::inference
