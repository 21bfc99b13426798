// The body of POST /v1/chat/completions, checked field by field.
#pragma once

#include <string>
#include <string_view>

#include "inference/assistant.h"
#include "inference/gateway/errors.h"
#include "inference/gateway/gateway.h"

namespace twin::inference {

struct ChatCall {
  AskRequest ask;
  bool stream = false;
  bool include_usage = false;  ///< stream_options.include_usage
  std::string query_options;   ///< JSON of that field, checked; empty: none
};

template <class T>
using ApiResult = tl::expected<T, ApiError>;

/// Takes what OpenAI clients send. max_tokens above the ceiling is lowered to it. Fields that would change the answer
/// but are not supported (tools, n > 1, logprobs, penalties, images, JSON mode) are refused, never ignored.
/// Beyond OpenAI's: `k` (passages), `repeat_penalty` and `query_options` (QueryConfig).
[[nodiscard]] ApiResult<ChatCall> parse_chat_call(std::string_view body, const ServeConfig& config);

/// `config` with what the JSON object names of it; an unknown name or a wrong value is an error.
[[nodiscard]] ApiResult<QueryConfig> query_config_of(std::string_view options, QueryConfig config);

}  // namespace twin::inference
