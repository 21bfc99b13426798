// Examples into the formats of others.
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "feature/training_sets/set_format.h"

namespace twin::feature {
namespace {

tl::unexpected<Error> cannot_say(SetFormat format, std::string_view what) {
  return fail(ErrorKind::invalid, tr("The format {} cannot hold {}", to_string(format), what));
}

Json spoken(const std::vector<models::Message>& messages, const char* speaker, const char* words, bool sharegpt) {
  Json out = Json::array();
  for (const models::Message& message : messages) {
    const std::string role = !sharegpt                     ? message.role
                             : message.role == "user"      ? "human"
                             : message.role == "assistant" ? "gpt"
                                                           : message.role;
    out.push_back(Json{{speaker, role}, {words, message.content}});
  }
  return out;
}

Json openai_json(const std::vector<models::Message>& messages) {
  return Json{{"messages", spoken(messages, "role", "content", false)}};
}

/// Questions and answers in turn behind an optional system prompt.
Result<std::vector<Json>> alpaca_json(const std::vector<models::Message>& messages) {
  const std::size_t first = !messages.empty() && messages.front().role == "system" ? 1 : 0;
  const std::size_t turns = messages.size() - first;
  if (turns == 0 || turns % 2 != 0) return cannot_say(SetFormat::alpaca, tr("turns that do not alternate"));
  Json history = Json::array();
  for (std::size_t i = first; i < messages.size(); i += 2) {
    if (messages[i].role != "user" || messages[i + 1].role != "assistant") {
      return cannot_say(SetFormat::alpaca, tr("turns that do not alternate"));
    }
    if (i + 2 < messages.size()) history.push_back({messages[i].content, messages[i + 1].content});
  }
  Json json{{"instruction", messages[messages.size() - 2].content}, {"input", ""}, {"output", messages.back().content}};
  if (first == 1) json["system"] = messages.front().content;
  if (!history.empty()) json["history"] = std::move(history);
  return std::vector<Json>{std::move(json)};
}

Json judged_json(const Example& example, const std::vector<models::Message>& answer, bool label) {
  return Json{{"prompt", spoken(example.messages, "role", "content", false)},
              {"completion", spoken(answer, "role", "content", false)},
              {"label", label}};
}

/// A pair as a conversation: its better answer. A bad answer is none to learn from.
Result<std::vector<models::Message>> conversation_of(const Example& example, SetFormat format) {
  if (example.kind == ExampleKind::text) return cannot_say(format, tr("plain texts"));
  if (!example.desirable) return cannot_say(format, tr("answers that are judged bad"));
  std::vector<models::Message> all = example.messages;
  all.insert(all.end(), example.chosen.begin(), example.chosen.end());
  return all;
}

}  // namespace

Result<std::vector<Json>> write_example(const Example& example, SetFormat format) {
  if (format == SetFormat::text) {
    if (example.kind != ExampleKind::text) return cannot_say(format, tr("conversations"));
    return std::vector<Json>{Json{{"text", example.text}}};
  }
  if (format == SetFormat::dpo) {
    if (example.kind != ExampleKind::preference) return cannot_say(format, tr("examples without two answers"));
    return std::vector<Json>{Json{{"prompt", spoken(example.messages, "role", "content", false)},
                                  {"chosen", spoken(example.chosen, "role", "content", false)},
                                  {"rejected", spoken(example.rejected, "role", "content", false)}}};
  }
  if (format == SetFormat::kto) {
    if (example.kind == ExampleKind::judged)
      return std::vector<Json>{judged_json(example, example.chosen, example.desirable)};
    if (example.kind != ExampleKind::preference) return cannot_say(format, tr("examples without a judgement"));
    return std::vector<Json>{judged_json(example, example.chosen, true), judged_json(example, example.rejected, false)};
  }
  const auto messages = conversation_of(example, format);
  if (!messages) return tl::unexpected(messages.error());
  if (format == SetFormat::alpaca) return alpaca_json(*messages);
  if (format == SetFormat::sharegpt)
    return std::vector<Json>{Json{{"conversations", spoken(*messages, "from", "value", true)}}};
  return std::vector<Json>{openai_json(*messages)};
}

}  // namespace twin::feature
