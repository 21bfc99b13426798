#include "inference/gateway/chat_request.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "inference/gateway/fields.h"

namespace twin::inference {
namespace {

constexpr double max_temperature = 2.0;
constexpr double max_repeat_penalty = 2.0;
constexpr std::size_t max_stop_texts = 4;
constexpr int max_passages = 50;

ApiError unsupported(const std::string& key) {
  return bad_request(tr("'{}' is not supported here", key), key, "unsupported_parameter");
}

/// The text of a message: a string, or an array of {"type":"text","text":…} parts.
ApiResult<std::string> content_of(const Json& message, const std::string& where) {
  const auto content = message.find("content");
  const std::string param = where + ".content";
  if (content == message.end() || content->is_null()) {
    return tl::unexpected(bad_request(tr("'{}' is missing", param), param, "missing_required_parameter"));
  }
  if (content->is_string()) return content->get<std::string>();
  if (!content->is_array()) {
    return tl::unexpected(bad_request(tr("'{}' must be a string or an array of parts", param), param, "invalid_type"));
  }
  std::string text;
  for (const Json& part : *content) {
    const bool is_text = part.is_object() && part.contains("type") && part["type"] == "text" && part.contains("text") &&
                         part["text"].is_string();
    if (!is_text) {
      return tl::unexpected(bad_request(tr("'{}' holds a part that is not text", param), param, "unsupported_content"));
    }
    text += part["text"].get<std::string>();
  }
  return text;
}

ApiResult<models::Message> message_of(const Json& json, const std::string& where) {
  if (!json.is_object() || !json.contains("role") || !json["role"].is_string()) {
    return tl::unexpected(bad_request(tr("'{}' must be an object with a role", where), where, "invalid_type"));
  }
  std::string role = json["role"].get<std::string>();
  if (role == "developer") role = "system";
  if (role != "system" && role != "user" && role != "assistant") {
    const std::string param = where + ".role";
    return tl::unexpected(
        bad_request(tr("'{}' is '{}': the roles are system, user and assistant", param, text::clip(role, 40)), param,
                    "invalid_value"));
  }
  auto content = content_of(json, where);
  if (!content) return tl::unexpected(std::move(content.error()));
  return models::Message{std::move(role), std::move(*content)};
}

void read_messages(Fields& fields, std::vector<models::Message>& messages) {
  const Json* list = fields.find("messages");
  if (list == nullptr) {
    return fields.refuse(bad_request(tr("'{}' is missing", "messages"), "messages", "missing_required_parameter"));
  }
  if (!list->is_array() || list->empty()) {
    return fields.refuse(bad_request(tr("'{}' must be a non-empty array", "messages"), "messages", "invalid_type"));
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto message = message_of((*list)[i], "messages[" + std::to_string(i) + "]");
    if (!message) return fields.refuse(std::move(message.error()));
    messages.push_back(std::move(*message));
  }
  if (messages.back().role != "user" || text::trim(messages.back().content).empty()) {
    fields.refuse(bad_request(tr("The last message must be a question of the user"), "messages", "invalid_value"));
  }
}

/// Fields that would change the answer if they were honoured.
void refuse_unsupported(Fields& fields) {
  for (const std::string key : {"tools", "functions", "tool_choice", "function_call", "logit_bias", "audio"}) {
    const Json* value = fields.find(key);
    if (value != nullptr && *value != "none" && !value->empty()) fields.refuse(unsupported(key));
  }
  for (const std::string key : {"presence_penalty", "frequency_penalty"}) {
    if (fields.number(key, 0, -2, 2) != 0) fields.refuse(unsupported(key));
  }
  if (fields.integer("n", 1, 1, 128) != 1) fields.refuse(unsupported("n"));
  if (fields.boolean("logprobs", false)) fields.refuse(unsupported("logprobs"));
  const Json* format = fields.find("response_format");
  const bool plain = format == nullptr || (format->is_object() && format->value("type", Json()) == "text");
  if (!plain) fields.refuse(unsupported("response_format"));
}

bool usage_wanted(Fields& fields) {
  const Json* options = fields.find("stream_options");
  if (options == nullptr) return false;
  const auto include = options->is_object() ? options->find("include_usage") : options->end();
  if (!options->is_object() || (include != options->end() && !include->is_boolean())) {
    fields.refuse(bad_request(tr("'{}' must be an object", "stream_options"), "stream_options", "invalid_type"));
    return false;
  }
  return include != options->end() && include->get<bool>();
}

int max_tokens(Fields& fields, const ServeConfig& config) {
  const std::string key = fields.find("max_completion_tokens") != nullptr ? "max_completion_tokens" : "max_tokens";
  const int fallback = std::min(AskRequest{}.max_tokens, config.max_tokens);
  const auto wanted = fields.integer(key, fallback, 1, std::int64_t{1} << 31);
  return static_cast<int>(std::min<std::int64_t>(wanted, config.max_tokens));
}

}  // namespace

ApiResult<QueryConfig> query_config_of(std::string_view options, QueryConfig config) {
  Fields fields(options);
  static const std::vector<std::string> names = {"rewrite", "filters", "variants", "hyde", "decompose", "translate"};
  const Json json = Json::parse(options, nullptr, false);
  for (const auto& entry : json.items()) {
    if (std::find(names.begin(), names.end(), entry.key()) != names.end()) continue;
    fields.refuse(bad_request(tr("'{}' must be one of {}", "query_options", fmt::format("{}", fmt::join(names, ", "))),
                              "query_options", "invalid_value"));
  }
  config.rewrite = fields.choice("rewrite", config.rewrite, rewrite_names());
  config.filters = fields.choice("filters", config.filters, filters_names());
  config.variants = static_cast<int>(fields.integer("variants", config.variants, 0, max_variants));
  for (const auto& [key, value] : {std::pair{"hyde", &config.hyde}, std::pair{"decompose", &config.decompose},
                                   std::pair{"translate", &config.translate}}) {
    *value = fields.boolean(key, *value);
  }
  if (fields.error()) return tl::unexpected(*fields.error());
  return config;
}

ApiResult<ChatCall> parse_chat_call(std::string_view body, const ServeConfig& config) {
  Fields fields(body);
  if (fields.error()) return tl::unexpected(*fields.error());
  ChatCall call;
  call.ask.model = fields.text("model", true);
  read_messages(fields, call.ask.messages);
  call.ask.max_tokens = max_tokens(fields, config);
  call.ask.temperature = fields.number("temperature", call.ask.temperature, 0, max_temperature);
  call.ask.top_p = fields.number("top_p", call.ask.top_p, 0, 1);
  call.ask.repeat_penalty = fields.number("repeat_penalty", call.ask.repeat_penalty, 1, max_repeat_penalty);
  call.ask.seed = fields.integer("seed", call.ask.seed, INT64_MIN, INT64_MAX);
  call.ask.k = static_cast<int>(fields.integer("k", 0, 1, max_passages));
  call.ask.stop = fields.texts("stop", max_stop_texts);
  call.ask.prompt_only = fields.boolean("prompt_only", false);
  call.stream = fields.boolean("stream", false);
  call.include_usage = usage_wanted(fields);
  if (const Json* options = fields.find("query_options")) {
    call.query_options = options->dump(-1, ' ', false, Json::error_handler_t::replace);
    if (auto checked = query_config_of(call.query_options, {}); !checked) fields.refuse(std::move(checked.error()));
  }
  refuse_unsupported(fields);
  if (fields.error()) return tl::unexpected(*fields.error());
  const auto variant = parse_variant(call.ask.model);
  if (!variant) {
    return tl::unexpected(ApiError{404, variant.error().message + " (" + variant.error().hint + ")",
                                   "invalid_request_error", "model", "model_not_found"});
  }
  return call;
}

}  // namespace twin::inference
