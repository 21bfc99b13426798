// One line of a training set, in whatever format it came: a text, a conversation, a pair of answers, a judged answer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "models/engines/engine.h"

namespace twin::feature {

enum class ExampleKind { text, conversation, preference, judged };
/// "text", "instruct", "preference", "judged": as in the metadata of samples.
[[nodiscard]] std::string_view to_string(ExampleKind kind);

struct Example {
  ExampleKind kind = ExampleKind::conversation;
  std::string text;                       ///< text only
  std::vector<models::Message> messages;  ///< a conversation up to the last answer; else what comes before the answers
  std::vector<models::Message> chosen;    ///< preference: the better answer; judged: the answer
  std::vector<models::Message> rejected;  ///< preference only
  bool desirable = true;                  ///< judged only
  std::string metadata;                   ///< the line's "metadata" as JSON text, or empty: kept by to_training_json()
};

/// The last answer: of a conversation its last message, of a text the text itself.
[[nodiscard]] const std::string& answer_of(const Example& example);
/// All that comes before it, the system prompt left out, one line a message.
[[nodiscard]] std::string question_of(const Example& example);

/// The line that `twin train --data` takes (docs/training.md).
[[nodiscard]] Json to_training_json(const Example& example);

}  // namespace twin::feature
