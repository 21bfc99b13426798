#include "training/sweep/trials.h"

#include <fmt/format.h>

#include <cmath>
#include <random>
#include <set>

#include "core/hash.h"
#include "core/i18n.h"
#include "training/sweep/number.h"

namespace twin::training {
namespace {

constexpr int max_redraws = 100;  // of a trial that equals an earlier one, before the search counts as exhausted

/// In [0, 1), by names: the same on every machine.
double draw(const SweepConfig& sweep, int trial, int attempt, const std::string& key) {
  Sha256 hash;
  hash.field(std::to_string(sweep.seed)).field(std::to_string(trial)).field(std::to_string(attempt)).field(key);
  std::mt19937_64 random(std::stoull(hash.hex().substr(0, 16), nullptr, 16));
  return static_cast<double>(random() >> 11) * 0x1p-53;
}

/// Four significant digits: what the table shows is what is used.
std::string drawn_number(double value, bool whole) {
  return whole ? fmt::format("{}", std::llround(value)) : fmt::format("{:.4g}", value);
}

std::string drawn_value(const SweepParameter& parameter, double at) {
  if (!parameter.choice.empty()) {
    const auto count = static_cast<double>(parameter.choice.size());
    return parameter.choice[static_cast<std::size_t>(at * count)];
  }
  const bool logarithm = parameter.uniform.empty();
  const auto& range = logarithm ? parameter.log_uniform : parameter.uniform;
  const double low = number_of(range.front()).value(), high = number_of(range.back()).value();
  const double value = logarithm ? low * std::pow(high / low, at) : low + (high - low) * at;
  return drawn_number(value, parameter.whole);
}

Settings drawn(const SweepConfig& sweep, int trial, int attempt) {
  Settings settings;
  for (const SweepParameter& parameter : sweep.parameters)
    settings.emplace_back(parameter.key, drawn_value(parameter, draw(sweep, trial, attempt, parameter.key)));
  return settings;
}

std::vector<Settings> random_trials(const SweepConfig& sweep) {
  std::vector<Settings> trials;
  std::set<Settings> known;
  for (int trial = 0; trial < sweep.trials; ++trial) {
    for (int attempt = 0; attempt < max_redraws; ++attempt) {
      Settings settings = drawn(sweep, trial, attempt);
      if (!known.insert(settings).second) continue;
      trials.push_back(std::move(settings));
      break;
    }
  }
  return trials;
}

std::vector<Settings> grid(const SweepConfig& sweep) {
  std::vector<Settings> trials = {{}};
  for (const SweepParameter& parameter : sweep.parameters) {
    std::vector<Settings> longer;
    for (const Settings& trial : trials) {
      for (const std::string& value : parameter.choice) {
        longer.push_back(trial);
        longer.back().emplace_back(parameter.key, value);
      }
    }
    trials = std::move(longer);
    if (trials.size() > static_cast<std::size_t>(sweep.max_trials)) break;
  }
  return trials;
}

}  // namespace

std::vector<Settings> make_trials(const SweepConfig& sweep) {
  const bool random = sweep.search == "random";
  if (random && sweep.trials > sweep.max_trials) {
    throw Fatal(ErrorKind::limit, tr("The sweep has more than {} trials", sweep.max_trials), "max_trials",
                tr("draw fewer, or raise max_trials"));
  }
  auto trials = random ? random_trials(sweep) : grid(sweep);
  if (trials.size() > static_cast<std::size_t>(sweep.max_trials)) {
    throw Fatal(ErrorKind::limit, tr("The sweep has more than {} trials", sweep.max_trials), "max_trials",
                tr("set search: random with a number of trials, or raise max_trials"));
  }
  return trials;
}

std::string to_string(const Settings& settings) {
  std::string text;
  for (const auto& [key, value] : settings) text += fmt::format("{}{}={}", text.empty() ? "" : " ", key, value);
  return text;
}

Result<TrainConfig> configure(const TrainConfig& base, const Settings& settings) {
  TrainConfig config = base;
  config::Layer layer{.file = {}, .values = {}, .origin = "--sweep"};
  for (const auto& [key, value] : settings) layer.values[key] = value;
  const auto errors = config::read({layer}, [&](config::Binder& b) { config.bind(b); });
  if (errors.empty()) return config;
  std::string lines;
  for (const Error& error : errors) lines += "\n  " + error.text();
  return fail(ErrorKind::usage, tr("The configuration has {} error(s):", errors.size()) + lines, to_string(settings));
}

}  // namespace twin::training
