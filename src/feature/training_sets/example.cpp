#include "feature/training_sets/example.h"

#include <nlohmann/json.hpp>

namespace twin::feature {
namespace {

Json example_messages(const std::vector<models::Message>& messages) {
  Json out = Json::array();
  for (const models::Message& message : messages) {
    out.push_back(Json{{"role", message.role}, {"content", message.content}});
  }
  return out;
}

}  // namespace

std::string_view to_string(ExampleKind kind) {
  switch (kind) {
    case ExampleKind::text:
      return "text";
    case ExampleKind::conversation:
      return "instruct";
    case ExampleKind::preference:
      return "preference";
    case ExampleKind::judged:
      return "judged";
  }
  return "";
}

const std::string& answer_of(const Example& example) {
  if (example.kind == ExampleKind::text) return example.text;
  const auto& messages = example.kind == ExampleKind::conversation ? example.messages : example.chosen;
  static const std::string none;
  return messages.empty() ? none : messages.back().content;
}

std::string question_of(const Example& example) {
  std::string out;
  const std::size_t before = example.kind == ExampleKind::conversation && !example.messages.empty()
                                 ? example.messages.size() - 1
                                 : example.messages.size();
  for (std::size_t i = 0; i < before; ++i) {
    if (example.messages[i].role == "system") continue;
    out += (out.empty() ? "" : "\n") + example.messages[i].content;
  }
  return out;
}

Json to_training_json(const Example& example) {
  Json json = Json::object();
  switch (example.kind) {
    case ExampleKind::text:
      json["text"] = example.text;
      break;
    case ExampleKind::conversation:
      json["messages"] = example_messages(example.messages);
      break;
    case ExampleKind::preference:
      json["prompt"] = example_messages(example.messages);
      json["chosen"] = example_messages(example.chosen);
      json["rejected"] = example_messages(example.rejected);
      break;
    case ExampleKind::judged:
      json["prompt"] = example_messages(example.messages);
      json["completion"] = example_messages(example.chosen);
      json["label"] = example.desirable;
      break;
  }
  if (!example.metadata.empty()) json["metadata"] = Json::parse(example.metadata);
  return json;
}

}  // namespace twin::feature
