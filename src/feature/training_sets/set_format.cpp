#include "feature/training_sets/set_format.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace twin::feature {
namespace {

constexpr std::array<std::pair<std::string_view, SetFormat>, 6> kSetFormats = {{{"openai", SetFormat::openai},
                                                                                {"alpaca", SetFormat::alpaca},
                                                                                {"sharegpt", SetFormat::sharegpt},
                                                                                {"dpo", SetFormat::dpo},
                                                                                {"kto", SetFormat::kto},
                                                                                {"text", SetFormat::text}}};

}  // namespace

std::optional<SetFormat> set_format(std::string_view name) {
  for (const auto& [known, format] : kSetFormats) {
    if (known == name) return format;
  }
  return std::nullopt;
}

std::string_view to_string(SetFormat format) {
  for (const auto& [name, known] : kSetFormats) {
    if (known == format) return name;
  }
  return "";
}

std::vector<std::string> set_format_names() {
  std::vector<std::string> names;
  names.reserve(std::size(kSetFormats));
  for (const auto& [name, format] : kSetFormats) names.emplace_back(name);
  return names;
}

std::optional<SetFormat> guess_set_format(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  if (json.contains("messages")) return SetFormat::openai;
  if (json.contains("conversations")) return SetFormat::sharegpt;
  if (json.contains("chosen") && json.contains("rejected")) return SetFormat::dpo;
  if (json.contains("completion") && json.contains("label")) return SetFormat::kto;
  if (json.contains("instruction")) return SetFormat::alpaca;
  if (json.contains("text")) return SetFormat::text;
  return std::nullopt;
}

}  // namespace twin::feature
