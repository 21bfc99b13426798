// Statistics of a training set as JSON and as text.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/training_sets/set_stats.h"

namespace twin::feature {
namespace {

Json counts_json(const std::map<std::string, SetCount>& counts) {
  Json out = Json::object();
  for (const auto& [name, count] : counts) {
    out[name] = Json{{"samples", count.samples}, {"tokens", count.tokens}, {"characters", count.characters}};
  }
  return out;
}

Json lengths_json(const SetLengths& lengths) {
  Json bins = Json::array();
  for (const SetBin& bin : histogram(lengths))
    bins.push_back(Json{{"from", bin.from}, {"to", bin.to}, {"count", bin.count}});
  return Json{{"mean", lengths.mean()},          {"min", lengths.quantile(0)},   {"p10", lengths.quantile(0.1)},
              {"median", lengths.quantile(0.5)}, {"p90", lengths.quantile(0.9)}, {"max", lengths.quantile(1)},
              {"histogram", std::move(bins)}};
}

std::string padded(const std::string& text, int width) {
  return text + std::string(static_cast<std::size_t>(std::max(width - text::columns(text), 0)), ' ');
}

std::string count_lines(const std::string& title, const std::map<std::string, SetCount>& counts) {
  std::string out = fmt::format("  {}\n", title);
  for (const auto& [name, count] : counts) {
    out += fmt::format("    {} {:>9} {:>12} {}\n", padded(name, 28), count.samples, count.tokens, tr("tokens"));
  }
  return out;
}

std::string length_line(const std::string& title, const SetLengths& lengths) {
  return fmt::format("  {} {}\n", padded(title, 24),
                     tr("mean {:.0f}, smallest {}, median {}, nine of ten up to {}, largest {}", lengths.mean(),
                        lengths.quantile(0), lengths.quantile(0.5), lengths.quantile(0.9), lengths.quantile(1)));
}

/// "duplicate 3, near_duplicate 1"
std::string reasons_text(const Json& removed) {
  std::string out;
  for (const auto& [reason, count] : removed.items()) {
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", reason, count.dump());
  }
  return out;
}

std::string steps_text(const Json& manifest) {
  if (!manifest.contains("steps") || !manifest["steps"].is_array()) return {};
  std::string out = fmt::format("  {}\n", tr("What each step removed"));
  for (const Json& step : manifest["steps"]) {
    const std::string through =
        step.contains("in") ? fmt::format("{} -> {}", step["in"].dump(), step["out"].dump()) : std::string();
    out += fmt::format("    {} {} {}\n", padded(step.value("step", ""), 18), padded(through, 16),
                       reasons_text(step.value("removed", Json::object())));
  }
  return out;
}

}  // namespace

Json to_json(const SetStats& stats) {
  Json turns = Json::object();
  for (const auto& [answers, count] : stats.turns) turns[std::to_string(answers)] = count;
  Json out{{"name", stats.name},
           {"samples", stats.all.samples},
           {"tokens", stats.all.tokens},
           {"characters", stats.all.characters},
           {"splits", counts_json(stats.splits)},
           {"kinds", counts_json(stats.kinds)},
           {"languages", counts_json(stats.languages)},
           {"generators", counts_json(stats.generators)},
           {"categories", counts_json(stats.categories)},
           {"turns", std::move(turns)},
           {"with_passages", stats.with_passages},
           {"answer_characters", lengths_json(stats.answers)},
           {"question_characters", lengths_json(stats.questions)}};
  if (stats.diversity) out["diversity"] = to_json(*stats.diversity);
  if (stats.manifest.empty()) return out;
  const Json manifest = Json::parse(stats.manifest);
  for (const char* key : {"steps", "rejected", "pii", "coverage", "dataset_version"}) {
    if (manifest.contains(key)) out[key] = manifest[key];
  }
  return out;
}

std::string to_text(const SetStats& stats) {
  std::string out = tr("{}: {} samples, {} tokens", stats.name, stats.all.samples, stats.all.tokens) + "\n";
  out += count_lines(tr("Splits"), stats.splits);
  out += count_lines(tr("Kinds"), stats.kinds);
  out += count_lines(tr("Languages"), stats.languages);
  out += count_lines(tr("Made by"), stats.generators);
  out += length_line(tr("Characters of answers"), stats.answers);
  out += length_line(tr("Characters of questions"), stats.questions);
  if (stats.with_passages > 0)
    out += "  " + tr("{} samples with passages before the question", stats.with_passages) + "\n";
  if (stats.diversity) out += to_text(*stats.diversity);
  if (stats.manifest.empty()) return out;
  const Json manifest = Json::parse(stats.manifest);
  out += steps_text(manifest);
  if (manifest.contains("pii") && manifest["pii"].is_object()) {
    const std::string found = reasons_text(manifest["pii"].value("found", Json::object()));
    const std::string samples = reasons_text(manifest["pii"].value("samples", Json::object()));
    if (!found.empty()) out += "  " + tr("Personal data found: {}; samples: {}", found, samples) + "\n";
  }
  return out;
}

}  // namespace twin::feature
