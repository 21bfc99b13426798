#include "inference/assistant.h"

#include <nlohmann/json.hpp>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "inference/query/planned_search.h"
#include "inference/trace.h"
#include "models/prompts/prompts.h"

namespace twin::inference {
namespace {

/// A prompt must leave room for at least this many tokens of answer.
constexpr int min_answer_tokens = 16;

double now_ms() {
  return system_clock().monotonic() * 1000.0;
}

/// What the chat template adds, at most: the exact count is not worth a call.
int template_tokens(std::size_t messages) {
  return static_cast<int>(messages) * 8;
}

/// Runs `call` again once when the worker was restarting and nothing was delivered yet.
template <class Call>
auto retry_once(const Call& call, const std::stop_token& cancel, const bool& delivered) {
  auto result = call();
  const bool again = !result && result.error().kind == ErrorKind::network && !delivered && !cancel.stop_requested();
  return again ? call() : std::move(result);
}

}  // namespace

struct Assistant::Retrieved {
  Assembled prompt;
  std::optional<Coverage> coverage;
  double milliseconds = 0;  ///< to the assembled prompt
};

const std::vector<std::string>& variant_names() {
  static const std::vector<std::string> names = {"twin", "twin:no-rag", "base", "base:rag"};
  return names;
}

Result<Variant> parse_variant(const std::string& model) {
  if (model == "twin") return Variant{true, true};
  if (model == "twin:no-rag") return Variant{true, false};
  if (model == "base") return Variant{false, false};
  if (model == "base:rag") return Variant{false, true};
  std::string names;
  for (const std::string& name : variant_names()) names += (names.empty() ? "" : ", ") + name;
  return fail(ErrorKind::not_found, tr("There is no model '{}'", text::clip(text::repair_utf8(model), 80)), "model",
              tr("the models are: {}", names));
}

Json to_json(const std::vector<models::Message>& messages) {
  Json list = Json::array();
  for (const auto& message : messages) list.push_back({{"role", message.role}, {"content", message.content}});
  return list;
}

Json to_json(const models::Usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.completion_tokens},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens}};
}

Json to_json(const Answer& answer) {
  Json citations = Json::array(), passages = Json::array();
  for (const Citation& citation : answer.citations) citations.push_back(to_json(citation));
  for (const Passage& passage : answer.passages) passages.push_back(to_json(passage));
  Json json{{"answer", answer.text},
            {"citations", std::move(citations)},
            {"model", answer.model},
            {"usage", to_json(answer.usage)},
            {"timing_ms",
             {{"retrieve", answer.retrieve_ms}, {"first_token", answer.first_token_ms}, {"total", answer.total_ms}}},
            {"finish_reason", answer.finish_reason},
            {"passages", std::move(passages)},
            {"trace_id", answer.trace_id},
            {"coverage", answer.coverage ? to_json(*answer.coverage) : Json()}};
  if (!answer.prompt.empty()) json["prompt"] = to_json(answer.prompt);
  return json;
}

Assistant::Assistant(RetrievalConfig config, Parts parts) : config_(std::move(config)), parts_(std::move(parts)) {}

Result<std::vector<Passage>> Assistant::search(const std::string& query, int k, const stores::IndexFilter& filter) {
  auto found = find({query, k, filter, {}}, config_);
  if (!found) return tl::unexpected(std::move(found.error()));
  return std::move(found->passages);
}

SearchTools Assistant::tools(const RetrievalConfig& config) const {
  const auto reranker = parts_.rerankers.find(config.rerank);
  return {parts_.index, parts_.embedder, reranker == parts_.rerankers.end() ? nullptr : reranker->second.get(),
          &parts_.answerability};
}

Result<Found> Assistant::find(const SearchRequest& request, const RetrievalConfig& config) {
  const bool delivered = false;
  return retry_once([&] { return find_passages(tools(config), request, config); }, request.cancel, delivered);
}

Result<QueryPlan> Assistant::plan(const AskRequest& request) {
  const QueryConfig config = request.query.value_or(config_.query);
  const bool by_facets = config.filters != "off" || config.translate;
  const auto facets = by_facets ? parts_.index.facets() : stores::IndexFacets{};
  const auto users = by_facets && parts_.users ? parts_.users() : std::vector<stores::User>{};
  return understand(request.messages, {.config = config,
                                       .chat = &parts_.chat,
                                       .facets = facets,
                                       .users = users,
                                       .now = system_clock().now(),
                                       .cancel = request.cancel});
}

Result<Assistant::Retrieved> Assistant::retrieve(const AskRequest& request, const Variant& variant, Trace& trace) {
  Retrieved retrieved;
  std::vector<Passage> passages;
  const double start = now_ms();
  if (variant.retrieval) {
    auto wanted = plan(request);
    if (!wanted) return tl::unexpected(std::move(wanted.error()));
    const int k = request.k > 0 ? request.k : config_.k;
    const bool delivered = false;
    auto found = retry_once([&] { return find_planned(tools(config_), *wanted, k, config_, request.cancel); },
                            request.cancel, delivered);
    trace.retrieved(*wanted, k, found, now_ms() - start);
    if (!found) return tl::unexpected(std::move(found.error()));
    if (config_.not_covered != "off") retrieved.coverage = std::move(found->coverage);
    passages = std::move(found->passages);
  }
  auto prompt = assemble(request.messages, passages, config_, parts_.tokenizer);
  if (!prompt) return tl::unexpected(std::move(prompt.error()));
  retrieved.prompt = std::move(*prompt);
  if (variant.retrieval) retrieved.milliseconds = now_ms() - start;
  return retrieved;
}

namespace {

/// The answer's room in the context, or an error that says by how much the prompt is too long.
Result<int> answer_room(const Assembled& prompt, int wanted, int context) {
  const int used = prompt.tokens + template_tokens(prompt.messages.size());
  const int room = context - used;
  if (room < min_answer_tokens) {
    return fail(ErrorKind::limit, tr("The question and its passages take {} tokens of a context of {}", used, context),
                "messages", tr("ask something shorter, or raise worker.context_tokens"));
  }
  return std::min(wanted, room);
}

models::ChatRequest chat_request(const AskRequest& request, std::vector<models::Message> messages, bool adapter) {
  models::ChatRequest chat;
  chat.messages = std::move(messages);
  chat.max_tokens = request.max_tokens;
  chat.temperature = request.temperature;
  chat.top_p = request.top_p;
  chat.repeat_penalty = request.repeat_penalty;
  chat.seed = request.seed;
  chat.stop = request.stop;
  chat.adapter = adapter;
  chat.reuse_prefix = request.reuse_prefix;
  chat.cancel = request.cancel;
  return chat;
}

}  // namespace

Result<Answer> Assistant::decline(Answer answer, const AskRequest& request, Trace& trace,
                                  const std::function<bool(std::string_view)>& on_delta) {
  const std::string& question = request.messages.back().content;
  const bool korean = text::guess_language(text::repair_utf8(question)) == "ko";
  auto said = models::load_prompt(korean ? "not-covered.ko.txt" : "not-covered.en.txt");
  if (!said) return tl::unexpected(std::move(said.error()));
  answer.text = std::move(*said);
  answer.declined = true;
  answer.finish_reason = "stop";
  answer.first_token_ms = trace.elapsed_ms();
  if (on_delta && !on_delta(answer.text)) answer.finish_reason = "cancelled";
  answer.total_ms = trace.elapsed_ms();
  trace.finish(question, answer.text, answer.usage);
  return answer;
}

Result<Answer> Assistant::ask(const AskRequest& request, const std::function<bool(std::string_view)>& on_delta) {
  const auto variant = parse_variant(request.model);
  if (!variant) return tl::unexpected(variant.error());
  Trace trace(parts_.runs, request.model);
  const auto failed = [&](Error error) {
    trace.fail(error);
    return tl::unexpected(std::move(error));
  };

  auto retrieved = retrieve(request, *variant, trace);
  if (!retrieved) return failed(std::move(retrieved.error()));
  if (request.cancel.stop_requested()) return failed({ErrorKind::cancelled, tr("The question was withdrawn"), {}, {}});
  Answer answer;
  answer.model = request.model;
  answer.passages = std::move(retrieved->prompt.passages);
  answer.retrieve_ms = retrieved->milliseconds;
  answer.trace_id = trace.id();
  answer.coverage = retrieved->coverage;
  if (answer.coverage && !answer.coverage->covered && config_.not_covered == "say") {
    auto declined = decline(std::move(answer), request, trace, on_delta);
    if (!declined) return failed(std::move(declined.error()));
    return declined;
  }
  const auto room = answer_room(retrieved->prompt, request.max_tokens, parts_.chat.context_tokens());
  if (!room) return failed(room.error());
  auto chat = chat_request(request, std::move(retrieved->prompt.messages), variant->adapter && parts_.has_adapter);
  if (!answer.passages.empty()) chat.adapter_scale = config_.adapter_scale;
  chat.max_tokens = *room;
  if (request.prompt_only) {
    answer.prompt = std::move(chat.messages);
    answer.finish_reason = "stop";
    answer.total_ms = trace.elapsed_ms();
    trace.finish(request.messages.back().content, {}, {});
    return answer;
  }

  bool delivered = false;
  double first_token = 0;
  const auto deliver = [&](std::string_view delta) {
    if (!delivered) first_token = trace.elapsed_ms();
    delivered = true;
    return !on_delta || on_delta(delta);
  };
  const double start = now_ms();
  auto result = retry_once([&] { return parts_.chat.chat(chat, deliver); }, request.cancel, delivered);
  trace.generated(chat, result, now_ms() - start);
  if (!result) return failed(std::move(result.error()));

  answer.finish_reason = result->finish_reason;
  answer.usage = result->usage;
  answer.first_token_ms = first_token;
  answer.text = std::string(text::trim(text::repair_utf8(result->text)));
  if (!answer.passages.empty()) {
    Cited cited = cite(answer.text, answer.passages, config_.support);
    answer.text = std::move(cited.answer);
    answer.citations = std::move(cited.citations);
  }
  answer.total_ms = trace.elapsed_ms();
  trace.finish(request.messages.back().content, answer.text, answer.usage);
  return answer;
}

}  // namespace twin::inference
