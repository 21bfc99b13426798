// Formats of training sets: what others publish, and what other trainers read.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feature/training_sets/example.h"

namespace twin::feature {

///   openai    {"messages":[{"role","content"},…]}: also ChatML as JSON; content may be a list of text parts
///   alpaca    {"instruction","input","output"}, with "system" and "history":[[question, answer],…] for several turns
///   sharegpt  {"conversations":[{"from":"human|gpt|system","value"},…]}, with "system"
///   dpo       {"prompt","chosen","rejected"}: texts or lists of messages; whole conversations with a common beginning
///   kto       {"prompt","completion","label"}
///   text      {"text"}
enum class SetFormat { openai, alpaca, sharegpt, dpo, kto, text };

/// By name; nullopt when there is no such format.
[[nodiscard]] std::optional<SetFormat> set_format(std::string_view name);
[[nodiscard]] std::string_view to_string(SetFormat format);
/// Names of all, in the order above.
[[nodiscard]] std::vector<std::string> set_format_names();

/// The format that an object looks like, by its keys.
[[nodiscard]] std::optional<SetFormat> guess_set_format(const Json& json);

/// One object of a training set. Roles are user, assistant, system afterwards; prompts and answers that are texts
/// become messages of user and assistant. Fails when something would be lost or is missing: an unknown role or speaker,
/// tool calls, images, a message without words, a conversation that does not end with the assistant or has no question.
[[nodiscard]] Result<Example> read_example(const Json& json, SetFormat format);

/// What the format makes of an example: one object, two for a pair in KTO. Fails when the format cannot say it: a pair
/// needs two answers, Alpaca turns that alternate.
[[nodiscard]] Result<std::vector<Json>> write_example(const Example& example, SetFormat format);

}  // namespace twin::feature
