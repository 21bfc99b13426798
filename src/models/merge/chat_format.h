// What a chat template puts around the turns of a conversation, found out by rendering one: for programs that have
// another template language.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "models/engines/engine.h"

namespace twin::models {

struct ChatFormat {
  struct Turn {
    std::string before, after;
    bool operator==(const Turn&) const = default;
  };
  Turn system, user, assistant;
  bool has_system = true;       ///< false: the template refuses system messages
  bool system_in_user = false;  ///< what the system says opens the first user's turn, then `system.after`
  std::string default_system;   ///< what the template says where the conversation has no system message
  std::string generation;       ///< after the last turn, where the model goes on

  [[nodiscard]] std::string render(const std::vector<Message>& messages) const;
};

/// Messages to text with the generation prompt, or without.
using RenderChat = std::function<Result<std::string>(const std::vector<Message>& messages, bool generation_prompt)>;

/// nullopt when the turns are not independent of each other, so that no such description is true. `bos` is taken off
/// the beginning: programs add it as a token.
[[nodiscard]] std::optional<ChatFormat> learn_chat_format(const RenderChat& render, const std::string& bos);

}  // namespace twin::models
