#include "feature/training_sets/set_card.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace twin::feature {
namespace {

/// A JSON string is a YAML string.
std::string yaml_text(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string size_category(std::int64_t samples) {
  const std::pair<std::int64_t, const char*> sizes[] = {{1'000, "n<1K"},
                                                        {10'000, "1K<n<10K"},
                                                        {100'000, "10K<n<100K"},
                                                        {1'000'000, "100K<n<1M"},
                                                        {10'000'000, "1M<n<10M"}};
  for (const auto& [below, name] : sizes) {
    if (samples < below) return name;
  }
  return "n>10M";
}

std::string front_matter(const std::string& name, const std::string& licence, const std::vector<CardFile>& files,
                         const std::vector<SetStats>& sets) {
  std::set<std::string> languages;
  std::int64_t samples = 0;
  for (const SetStats& set : sets) {
    samples += set.all.samples;
    for (const auto& [language, count] : set.languages) languages.insert(language);
  }
  std::string out = fmt::format("---\npretty_name: {}\n", yaml_text(name));
  if (!licence.empty()) out += fmt::format("license: {}\n", yaml_text(licence));
  if (!languages.empty()) out += "language:\n";
  for (const std::string& language : languages) out += fmt::format("- {}\n", yaml_text(language));  // "no" is a word
  out += fmt::format("task_categories:\n- text-generation\nsize_categories:\n- {}\n", size_category(samples));
  out += "configs:\n";
  std::map<std::string, std::string> by_config;
  for (const CardFile& file : files) {
    by_config[file.config] += fmt::format("  - split: {}\n    path: {}\n", file.split, yaml_text(file.path));
  }
  for (const auto& [config, lines] : by_config) {
    out += fmt::format("- config_name: {}\n  data_files:\n{}", yaml_text(config), lines);
  }
  return out + "---\n";
}

std::string table(const std::string& head, const std::map<std::string, SetCount>& rows) {
  std::string out = fmt::format("| {} | samples | tokens |\n|---|---:|---:|\n", head);
  for (const auto& [name, count] : rows) out += fmt::format("| {} | {} | {} |\n", name, count.samples, count.tokens);
  return out + "\n";
}

/// "duplicates: near_duplicate 12", a line for each step that removed something.
std::string removed(const std::string& manifest) {
  const Json json = Json::parse(manifest, nullptr, false);
  const auto steps = json.is_object() ? json.find("steps") : json.end();
  std::string out;
  if (!json.is_object() || steps == json.end() || !steps->is_array()) return out;
  for (const Json& step : *steps) {
    const auto reasons = step.find("removed");
    if (reasons == step.end() || reasons->empty()) continue;
    std::string line;
    for (const auto& [reason, count] : reasons->items()) line += fmt::format(" {} {}", reason, count.dump());
    out += fmt::format("- {}:{}\n", step.value("step", ""), line);
  }
  return out.empty() ? out : "What was removed, by step and reason:\n\n" + out + "\n";
}

}  // namespace

std::string dataset_card(const std::string& name, const std::string& licence, const std::vector<CardFile>& files,
                         const std::vector<SetStats>& sets) {
  std::string out = front_matter(name, licence, files, sets);
  out += fmt::format(
      "\n# {}\n\nTraining samples of one author's writing, made with Twin. Every sample names its document, "
      "the bytes it was made of, and its generator in `metadata`.\n\n",
      name);
  for (const SetStats& set : sets) {
    out += fmt::format("## {}\n\n", set.name);
    out += table("split", set.splits) + table("generator", set.generators) + removed(set.manifest);
  }
  return out;
}

}  // namespace twin::feature
