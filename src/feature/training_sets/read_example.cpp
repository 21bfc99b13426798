// Foreign objects into examples.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/training_sets/set_format.h"

namespace twin::feature {
namespace {

using Messages = std::vector<models::Message>;

/// Thrown inside of this file only: the first thing that is wrong with an object.
struct NotAnExample {
  std::string why;
};

const Json& member_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) throw NotAnExample{tr("'{}' is missing", key)};
  return *found;
}

std::string text_value(const Json& json, const char* key) {
  if (!json.is_string()) throw NotAnExample{tr("'{}' is not a text", key)};
  auto text = json.get<std::string>();
  if (text::trim(text).empty()) throw NotAnExample{tr("'{}' is empty", key)};
  return text;
}

/// A member that may be missing, null or empty.
std::string optional_words(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return {};
  if (!found->is_string()) throw NotAnExample{tr("'{}' is not a text", key)};
  return found->get<std::string>();
}

std::string role_of(const std::string& name) {
  if (name == "user" || name == "human" || name == "prompter") return "user";
  if (name == "assistant" || name == "gpt" || name == "chatgpt" || name == "bing" || name == "bard" || name == "model")
    return "assistant";
  if (name == "system" || name == "developer") return "system";
  throw NotAnExample{tr("unknown role '{}'", name)};
}

/// A text, or OpenAI's list of parts that are all texts.
std::string message_words(const Json& json, const char* key) {
  if (!json.is_array()) return text_value(json, key);
  std::string out;
  for (const Json& part : json) {
    if (!part.is_object() || part.value("type", "") != "text" || !part.contains("text") || !part["text"].is_string()) {
      throw NotAnExample{tr("'{}' holds something else than text", key)};
    }
    out += part["text"].get_ref<const std::string&>();
  }
  if (text::trim(out).empty()) throw NotAnExample{tr("'{}' is empty", key)};
  return out;
}

/// Messages under the names that a format gives to speaker and words.
Messages messages_of(const Json& list, const char* key, const char* speaker, const char* words) {
  if (!list.is_array() || list.empty()) throw NotAnExample{tr("'{}' is not a list of messages", key)};
  Messages out;
  for (const Json& item : list) {
    if (!item.is_object()) throw NotAnExample{tr("'{}' is not a list of messages", key)};
    for (const char* lost : {"tool_calls", "function_call", "audio"}) {
      if (item.contains(lost) && !item[lost].is_null()) throw NotAnExample{tr("'{}' cannot be learned from", lost)};
    }
    if (item.contains("weight") && item["weight"] != 1) throw NotAnExample{tr("'{}' cannot be learned from", "weight")};
    const std::string role = role_of(text_value(member_of(item, speaker), speaker));
    // An empty system prompt says nothing; a turn without words would be learned.
    if (role == "system" && item.contains(words) && item[words] == Json("")) continue;
    out.push_back({role, message_words(member_of(item, words), words)});
  }
  return out;
}

/// A text or a list of messages.
Messages turns_of(const Json& json, const char* key, const char* role) {
  if (json.is_string()) return {{role, text_value(json, key)}};
  const bool sharegpt = json.is_array() && !json.empty() && json[0].is_object() && json[0].contains("from");
  if (json.is_object())
    return messages_of(Json::array({json}), key, json.contains("from") ? "from" : "role",
                       json.contains("from") ? "value" : "content");
  return sharegpt ? messages_of(json, key, "from", "value") : messages_of(json, key, "role", "content");
}

void add_system(Messages& messages, const std::string& system) {
  if (system.empty() || (!messages.empty() && messages.front().role == "system")) return;
  messages.insert(messages.begin(), {"system", system});
}

bool same_message(const models::Message& a, const models::Message& b) {
  return a.role == b.role && a.content == b.content;
}

void check_conversation(const Messages& messages) {
  if (messages.empty() || messages.back().role != "assistant") {
    throw NotAnExample{tr("the last message is not the assistant's")};
  }
  const bool asked = std::any_of(messages.begin(), messages.end(), [](const auto& m) { return m.role == "user"; });
  if (!asked) throw NotAnExample{tr("nobody asks: there is no message of the user")};
}

void check_answer(const Messages& answer, const char* key) {
  if (answer.empty() || answer.back().role != "assistant") {
    throw NotAnExample{tr("'{}' does not end with a message of the assistant", key)};
  }
}

/// Sets published as whole conversations repeat the prompt in both answers.
void cut_common_beginning(Messages& prompt, Messages& chosen, Messages& rejected) {
  const auto starts_with = [](const Messages& all, const Messages& first) {
    return all.size() > first.size() && std::equal(first.begin(), first.end(), all.begin(), same_message);
  };
  if (!prompt.empty()) {
    for (Messages* answer : {&chosen, &rejected}) {
      if (starts_with(*answer, prompt)) answer->erase(answer->begin(), answer->begin() + std::ptrdiff_t(prompt.size()));
    }
    return;
  }
  std::size_t common = 0;
  while (common + 1 < chosen.size() && common + 1 < rejected.size() && same_message(chosen[common], rejected[common])) {
    ++common;
  }
  prompt.assign(chosen.begin(), chosen.begin() + std::ptrdiff_t(common));
  chosen.erase(chosen.begin(), chosen.begin() + std::ptrdiff_t(common));
  rejected.erase(rejected.begin(), rejected.begin() + std::ptrdiff_t(common));
}

Example read_pair(const Json& json) {
  Example out{.kind = ExampleKind::preference};
  for (const char* key : {"prompt", "question", "instruction"}) {
    if (!json.contains(key)) continue;
    out.messages = turns_of(json[key], key, "user");
    if (const std::string input = optional_words(json, "input"); !input.empty())
      out.messages.back().content += "\n\n" + input;
    break;
  }
  if (out.messages.empty() && json.contains("conversations")) {
    out.messages = turns_of(json["conversations"], "conversations", "user");
  }
  add_system(out.messages, optional_words(json, "system"));
  out.chosen = turns_of(member_of(json, "chosen"), "chosen", "assistant");
  out.rejected = turns_of(member_of(json, "rejected"), "rejected", "assistant");
  cut_common_beginning(out.messages, out.chosen, out.rejected);
  if (out.messages.empty()) throw NotAnExample{tr("'{}' is missing", "prompt")};
  check_answer(out.chosen, "chosen");
  check_answer(out.rejected, "rejected");
  if (std::equal(out.chosen.begin(), out.chosen.end(), out.rejected.begin(), out.rejected.end(), same_message)) {
    throw NotAnExample{tr("\"chosen\" and \"rejected\" are the same")};
  }
  return out;
}

Example read_judged(const Json& json) {
  Example out{.kind = ExampleKind::judged};
  out.messages = turns_of(member_of(json, "prompt"), "prompt", "user");
  add_system(out.messages, optional_words(json, "system"));
  out.chosen = turns_of(member_of(json, "completion"), "completion", "assistant");
  check_answer(out.chosen, "completion");
  const Json& label = member_of(json, "label");
  if (!label.is_boolean()) throw NotAnExample{tr("\"label\" is not true or false")};
  out.desirable = label.get<bool>();
  return out;
}

Example read_alpaca(const Json& json) {
  Example out;
  if (const std::string system = optional_words(json, "system"); !system.empty()) out.messages = {{"system", system}};
  if (const auto history = json.find("history"); history != json.end() && !history->is_null()) {
    if (!history->is_array()) throw NotAnExample{tr("'{}' is not a list", "history")};
    for (const Json& turn : *history) {
      if (!turn.is_array() || turn.size() != 2) throw NotAnExample{tr("'{}' is not a list of pairs", "history")};
      out.messages.push_back({"user", text_value(turn[0], "history")});
      out.messages.push_back({"assistant", text_value(turn[1], "history")});
    }
  }
  std::string question = text_value(member_of(json, "instruction"), "instruction");
  if (const std::string input = optional_words(json, "input"); !input.empty()) question += "\n\n" + input;
  out.messages.push_back({"user", std::move(question)});
  out.messages.push_back({"assistant", text_value(member_of(json, "output"), "output")});
  return out;
}

Example read_as(const Json& json, SetFormat format) {
  if (!json.is_object()) throw NotAnExample{tr("expected a JSON object")};
  Example out;
  switch (format) {
    case SetFormat::openai:
      for (const char* lost : {"tools", "functions"}) {
        if (json.contains(lost) && !json[lost].empty()) throw NotAnExample{tr("'{}' cannot be learned from", lost)};
      }
      out.messages = messages_of(member_of(json, "messages"), "messages", "role", "content");
      check_conversation(out.messages);
      return out;
    case SetFormat::sharegpt:
      out.messages = messages_of(member_of(json, "conversations"), "conversations", "from", "value");
      add_system(out.messages, optional_words(json, "system"));
      check_conversation(out.messages);
      return out;
    case SetFormat::alpaca:
      return read_alpaca(json);
    case SetFormat::dpo:
      return read_pair(json);
    case SetFormat::kto:
      return read_judged(json);
    case SetFormat::text:
      out.kind = ExampleKind::text;
      out.text = text_value(member_of(json, "text"), "text");
      return out;
  }
  return out;
}

}  // namespace

Result<Example> read_example(const Json& json, SetFormat format) {
  try {
    Example example = read_as(json, format);
    if (const auto metadata = json.find("metadata"); metadata != json.end() && metadata->is_object()) {
      example.metadata = metadata->dump(-1, ' ', false, Json::error_handler_t::replace);
    }
    return example;
  } catch (const NotAnExample& error) {
    return fail(ErrorKind::invalid, tr("Not an example in the format {}: {}", to_string(format), error.why));
  }
}

}  // namespace twin::feature
