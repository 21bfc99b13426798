// The OpenAI chat protocol, as both the local worker and remote servers speak it: a request as JSON, an answer as a
// stream of deltas.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/http/http.h"
#include "core/json.h"
#include "core/result.h"
#include "models/engines/engine.h"

namespace twin::models {

/// Messages and sampling in OpenAI's field names, streaming with usage; a schema as `response_format`. Invalid UTF-8 in
/// a message, or a schema that is no JSON, is ErrorKind::invalid.
[[nodiscard]] Result<Json> openai_chat_body(const ChatRequest& request);

/// What a server said beside an answer that is an error, for those who try again.
struct ServerRefusal {
  int status = 0;           ///< 0: no answer came
  std::string retry_after;  ///< header Retry-After (RFC 9110 section 10.2.3): seconds or a date; empty: none
};

/// Posts a streaming chat request and gathers the answer. `on_delta` may be empty; returning false stops early. A stop,
/// from it or from `cancel`, closes the connection (which frees the server's slot) and is a result with the text so far
/// and finish_reason "cancelled". A stream that ends without a finish reason is ErrorKind::network. `refusal`, where
/// given, is filled when the server answers with an error.
[[nodiscard]] Result<ChatResult> stream_chat(HttpClient& http, HttpRequest request,
                                             const std::function<bool(std::string_view)>& on_delta,
                                             const std::stop_token& cancel, ServerRefusal* refusal = nullptr);

/// An Error from an error answer of an OpenAI-compatible server: {"error": {"message", "type", "code", …}}. A prompt
/// that exceeds the context is ErrorKind::limit with both sizes.
[[nodiscard]] Error openai_error(int status, const std::string& body, const std::string& url);

}  // namespace twin::models
