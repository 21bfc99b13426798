// An answer as OpenAI's chat.completion and chat.completion.chunk objects.
#pragma once

#include <string>
#include <string_view>

#include "core/clock.h"
#include "inference/assistant.h"

namespace twin::inference {

/// What every object of one completion repeats.
struct CompletionHead {
  std::string id;  ///< "chatcmpl-…"
  std::string model;
  std::int64_t created = 0;  ///< Unix seconds
  bool include_usage = false;
};
[[nodiscard]] CompletionHead completion_head(const std::string& model, bool include_usage);

/// chat.completion. Beyond OpenAI's fields: message.citations, message.passages, timing_ms, trace_id, coverage.
[[nodiscard]] std::string completion_json(const CompletionHead& head, const Answer& answer);

/// Server-sent events ("data: …\n\n") of a streamed completion, in the order they are sent.
[[nodiscard]] std::string role_event(const CompletionHead& head);
[[nodiscard]] std::string text_event(const CompletionHead& head, std::string_view text);
/// With finish_reason. The text was streamed before its sources were known: delta.annotated repeats it with its marks,
/// beside delta.citations and delta.passages; timing_ms, trace_id and coverage as above.
[[nodiscard]] std::string final_event(const CompletionHead& head, const Answer& answer);
/// No choices, the usage of the whole request.
[[nodiscard]] std::string usage_event(const CompletionHead& head, const models::Usage& usage);
[[nodiscard]] std::string done_event();

/// Cuts a byte stream into pieces of whole code points: a token may end within one.
class Utf8Pieces {
 public:
  /// The complete part of what came so far; the rest waits for the next call.
  [[nodiscard]] std::string feed(std::string_view bytes);

 private:
  std::string rest_;
};

}  // namespace twin::inference
