#include "training/sweep/sweep_config.h"

#include <algorithm>
#include <set>

#include "core/files.h"
#include "core/i18n.h"
#include "training/sweep/number.h"

namespace twin::training {
namespace {

/// Trials that differ in these learn or are judged by other samples, or by another loss: no number compares them.
const std::set<std::string, std::less<>> incomparable = {"method", "max_length", "too_long", "eval_samples"};
constexpr std::string_view preference_groups[] = {"dpo.", "orpo.", "kto."};

[[noreturn]] void refuse(const std::vector<Error>& errors) {
  std::string lines;
  for (const Error& error : errors) lines += "\n  " + error.text();
  throw Fatal(ErrorKind::usage, tr("The configuration has {} error(s):", errors.size()) + lines);
}

std::vector<std::string> words_of(const std::string& text, std::string_view separators) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = text.find_first_not_of(separators, at);
    if (begin == std::string::npos) break;
    const std::size_t end = std::min(text.find_first_of(separators, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    at = end;
  }
  return words;
}

/// "lr=1e-4,5e-4 lora.r=8,16 eta=2".
SweepConfig read_short(const std::string& text) {
  static const std::set<std::string> own = {"search", "trials", "eta", "min_budget", "metric"};
  SweepConfig sweep;
  config::Layer layer{.file = {}, .values = {}, .origin = "--sweep"};
  for (const std::string& word : words_of(text, " \t\n")) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == word.size())
      throw Fatal(ErrorKind::usage, tr("--sweep takes a file, or key=value,value …, not '{}'", word), "--sweep");
    const std::string key = word.substr(0, equals), values = word.substr(equals + 1);
    if (own.contains(key)) {
      layer.values[key] = values;
    } else {
      sweep.parameters.push_back(
          {.key = key, .choice = words_of(values, ","), .uniform = {}, .log_uniform = {}, .whole = false});
    }
  }
  const auto errors = config::read({layer}, [&](config::Binder& b) { sweep.bind(b); });
  if (!errors.empty()) refuse(errors);
  return sweep;
}

Result<void> check_range(const SweepParameter& parameter, const std::vector<std::string>& range, bool logarithm) {
  const auto low = range.size() == 2 ? number_of(range.front()) : std::nullopt;
  const auto high = range.size() == 2 ? number_of(range.back()) : std::nullopt;
  if (!low || !high || *low >= *high || (logarithm && *low <= 0)) {
    return fail(ErrorKind::usage, tr("A range is [lowest, highest], two numbers that differ"), parameter.key,
                logarithm ? tr("both above 0 for log_uniform") : std::string());
  }
  return {};
}

Result<void> check_values(const SweepParameter& parameter, bool grid) {
  const int kinds = static_cast<int>(!parameter.choice.empty()) + static_cast<int>(!parameter.uniform.empty()) +
                    static_cast<int>(!parameter.log_uniform.empty());
  if (kinds != 1) return fail(ErrorKind::usage, tr("Give one of choice, uniform and log_uniform"), parameter.key);
  if (!parameter.choice.empty()) {
    const std::set<std::string> different(parameter.choice.begin(), parameter.choice.end());
    if (different.size() < parameter.choice.size())
      return fail(ErrorKind::usage, tr("A value is named twice"), parameter.key);
    return {};
  }
  if (grid) {
    return fail(ErrorKind::usage, tr("A range has no grid"), parameter.key,
                tr("name its values with choice, or set search: random"));
  }
  return parameter.uniform.empty() ? check_range(parameter, parameter.log_uniform, true)
                                   : check_range(parameter, parameter.uniform, false);
}

Result<void> check_comparable(const std::string& key, const std::string& metric) {
  if (incomparable.contains(key)) {
    return fail(ErrorKind::usage, tr("Trials that differ in {} cannot be compared", key), key,
                tr("sweep once for each value, with --set {}=…", key));
  }
  const bool preference = std::any_of(std::begin(preference_groups), std::end(preference_groups),
                                      [&](std::string_view group) { return key.starts_with(group); });
  if (!preference || metric == "reward_accuracy") return {};
  return fail(ErrorKind::usage, tr("{} changes what the validation loss means", key), key,
              tr("compare by metric: reward_accuracy"));
}

}  // namespace

void SweepParameter::bind(config::Binder& b) {
  b.field("key", key, "Setting of train that differs between trials", {.required = true});
  b.field("choice", choice, "Values it may take");
  b.field("uniform", uniform, "Lowest and highest value, between which it is drawn");
  b.field("log_uniform", log_uniform, "The same, with its logarithm drawn");
  b.field("whole", whole, "Draw whole numbers");
}

void SweepConfig::bind(config::Binder& b) {
  b.field("search", search, "grid (every combination) or random", {.one_of = {"grid", "random"}});
  b.field("trials", trials, "How many are drawn (random); 0: all of the grid", {.min = 0, .max = 100'000});
  b.field("seed", seed, "Of what is drawn");
  b.field("eta", eta, "One of so many trials goes on at each rung (1: no trial ends early)", {.min = 1, .max = 100});
  b.field("min_budget", min_budget, "Share of a whole run that each trial gets (0: by the number of trials)",
          {.min = 0, .max = 1});
  b.field("max_trials", max_trials, "More trials are refused", {.min = 1, .max = 100'000});
  b.field("metric", metric, "What compares trials: eval_loss, or reward_accuracy of pairs",
          {.one_of = {"eval_loss", "reward_accuracy"}});
  b.list("parameters", parameters, "What differs between trials");
}

SweepConfig read_sweep(const std::string& argument) {
  SweepConfig sweep;
  const auto file = disk().stat(argument);
  if ((file && !file->directory) || argument.ends_with(".yaml") || argument.ends_with(".yml")) {
    const auto errors = config::read({{.file = argument, .values = {}, .origin = {}, .origins = {}}},
                                     [&](config::Binder& b) { sweep.bind(b); });
    if (!errors.empty()) refuse(errors);
  } else {
    sweep = read_short(argument);
  }
  value_or_throw(check_sweep(sweep));
  return sweep;
}

Result<void> check_sweep(const SweepConfig& sweep) {
  if (sweep.parameters.empty()) return fail(ErrorKind::usage, tr("The sweep names no parameters"), "parameters");
  const bool grid = sweep.search == "grid";
  if (!grid && sweep.trials == 0) return fail(ErrorKind::usage, tr("A random search needs trials"), "trials");
  if (grid && sweep.trials > 0)
    return fail(ErrorKind::usage, tr("A grid has the trials it has"), "trials", tr("set search: random"));
  std::set<std::string> keys;
  for (const SweepParameter& parameter : sweep.parameters) {
    if (!keys.insert(parameter.key).second)
      return fail(ErrorKind::usage, tr("The parameter is named twice"), parameter.key);
    if (auto checked = check_comparable(parameter.key, sweep.metric); !checked) return checked;
    if (auto checked = check_values(parameter, grid); !checked) return checked;
  }
  return {};
}

}  // namespace twin::training
