#include "models/merge/merge_card.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/text/ascii.h"

namespace twin::models {
namespace {

/// Without its front matter; its headings one level lower.
std::string card_body(const std::string& card) {
  std::string body = card;
  if (body.starts_with("---\n")) {
    const auto end = body.find("\n---\n", 3);
    body = end == std::string::npos ? std::string() : body.substr(end + 5);
  }
  std::string lowered;
  bool code = false;
  for (std::size_t at = 0; at < body.size();) {
    const auto end = std::min(body.find('\n', at), body.size());
    const std::string line = body.substr(at, end - at);
    if (line.starts_with("```")) code = !code;
    if (!code && line.starts_with("#")) lowered += '#';
    lowered += line + "\n";
    at = end + 1;
  }
  return lowered;
}

/// A YAML scalar that is safe whatever the name holds: JSON's strings are YAML's.
std::string yaml_text(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string merge_card(const MergeCard& card) {
  const MergeRequest& request = card.request;
  const bool gguf = request.format == MergeFormat::gguf;
  std::string text = "---\n";
  if (!request.license.empty()) text += "license: " + yaml_text(text::ascii_lower(request.license)) + "\n";
  text += fmt::format("base_model: {}\nbase_model_relation: finetune\nlibrary_name: {}\ntags: [lora, merged]\n---\n\n",
                      yaml_text(request.base_name), gguf ? "gguf" : "transformers");
  text += fmt::format(
      "# {}\n\n{} with a LoRA adapter ({}) added to its weights; {} of {} tensors changed. Weights: {}.\n\n"
      "| made of | SHA-256 |\n|---|---|\n| base | `{}` |\n| adapter | `{}` |\n\n",
      card.name, request.base_name, card.result.adapter, card.result.changed, card.result.tensors, card.result.type,
      card.base_sha256, card.adapter_sha256);
  text += request.license.empty()
              ? std::string("The licence of the base is not known; it holds for this model, too.\n")
              : fmt::format("The base's licence, {}, holds for this model, too{}.\n", request.license,
                            request.license_text.empty() ? "" : "; its text is in `LICENSE`");
  if (!card.result.notes.empty()) {
    text += "\n## What could not be carried over\n\n";
    for (const std::string& note : card.result.notes) text += "- " + note + "\n";
  }
  const std::string training = card_body(request.adapter_card);
  if (!training.empty()) text += "\n## The adapter\n" + (training.starts_with("\n") ? training : "\n" + training);
  return text;
}

}  // namespace twin::models
