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
};

template <class T>
using ApiResult = tl::expected<T, ApiError>;

/// Takes what OpenAI clients send. max_tokens above the ceiling is lowered to it. Fields that would change the answer
/// but are not supported (tools, n > 1, logprobs, penalties, images, JSON mode) are refused, never ignored.
/// Beyond OpenAI's: `k` (passages) and `repeat_penalty`.
[[nodiscard]] ApiResult<ChatCall> parse_chat_call(std::string_view body, const ServeConfig& config);

}  // namespace twin::inference
