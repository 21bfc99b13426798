// One short question to the model about a query, by a prompt file.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "inference/query/understand.h"

namespace twin::inference {

/// The base model's reply, greedy, to prompts/query/<name>.<en|ko>.txt with its {placeholders} filled; by `language`,
/// Korean or else English. Errors: no model, the engine's own, an unreadable prompt file.
[[nodiscard]] Result<std::string> ask_model(
    const QueryContext& context, const std::string& name, const std::string& language,
    std::initializer_list<std::pair<std::string_view, std::string_view>> values);

/// The lines of a reply without what models put around them (numbers, bullets, quotes, "Question:"), each once, those
/// with a letter and of at most `max_bytes`.
[[nodiscard]] std::vector<std::string> reply_lines(std::string_view reply, std::size_t max_bytes);

}  // namespace twin::inference
