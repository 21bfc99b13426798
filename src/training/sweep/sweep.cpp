#include "training/sweep/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <tuple>

#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "core/log.h"
#include "training/sweep/halving.h"
#include "training/sweep/place_result.h"

namespace twin::training {
namespace {

constexpr const char* sweep_version = "sweep/1";  // raise when the same sweep would come to other results

std::string key_of(const TrainJob& job, const SweepConfig& config) {
  TrainConfig base = job.config;
  SweepConfig sweep = config;
  return stable_id("sweep", {sweep_version, value_or_throw(sha256_file(job.base)),
                             value_or_throw(sha256_file(job.data)), value_or_throw(sha256_file(job.eval_data)),
                             job.base_name, config::canonical(base).dump(), config::canonical(sweep).dump()});
}

/// Results of an earlier call. Failures are not read: they are tried again.
Result<void> read_results(const std::filesystem::path& file, Sweep& sweep) {
  const auto text = disk().read(file);
  if (!text) return {};
  const auto json = Json::parse(*text, nullptr, false);
  if (!json.is_object() || json.value("key", "") != sweep.key) {
    return fail(ErrorKind::usage, tr("Another sweep is in this folder"), file.string(),
                tr("choose another --out, or remove the folder"));
  }
  try {
    for (const Json& trial : json.at("trials")) {
      const std::size_t number = trial.at("trial");
      if (number == 0 || number > sweep.trials.size()) continue;
      for (const Json& rung : trial.at("rungs")) {
        auto result = train_result_from_json(rung.at("result"));
        if (!result) return tl::unexpected(result.error());
        sweep.trials[number - 1].rungs.push_back({.budget = rung.at("budget"), .result = *result});
      }
    }
  } catch (const Json::exception& e) {
    return fail(ErrorKind::invalid, e.what(), file.string(), tr("remove the file to start the sweep afresh"));
  }
  return {};
}

class Runner {
 public:
  Runner(const TrainJob& job, const SweepConfig& config, const SweepHooks& hooks, Sweep sweep)
      : job_(job), config_(config), hooks_(hooks), sweep_(std::move(sweep)) {}

  Result<Sweep> run() {
    if (auto read = read_results(file(), sweep_); !read) return tl::unexpected(read.error());
    std::vector<std::size_t> candidates;
    for (std::size_t i = 0; i < sweep_.trials.size(); ++i) candidates.push_back(i);
    std::size_t wanted = candidates.size();
    for (std::size_t rung = 0; rung < sweep_.budgets.size(); ++rung) {
      // One trial has nothing to be compared with: it goes on to the end.
      if (wanted == 1) rung = sweep_.budgets.size() - 1;
      const auto scores = climb(candidates, rung, wanted);
      if (!scores) return tl::unexpected(scores.error());
      if (scores->empty()) return tl::unexpected(first_failure());
      candidates = best_of(*scores, scores->size());
      wanted = promoted(wanted, config_.eta);
    }
    sweep_.best = ranking(sweep_).front();
    if (auto placed = place_result(trial_folder(job_.out, *sweep_.best + 1), job_.out); !placed)
      return tl::unexpected(placed.error());
    if (auto saved = save(); !saved) return tl::unexpected(saved.error());
    return std::move(sweep_);
  }

 private:
  [[nodiscard]] std::filesystem::path file() const { return job_.out / "sweep.json"; }

  Result<void> save() const { return disk().write(file(), to_json(sweep_).dump(2) + "\n"); }

  [[nodiscard]] Error first_failure() const {
    for (const Trial& trial : sweep_.trials) {
      if (trial.failure) return *trial.failure;
    }
    return {ErrorKind::internal, tr("The sweep has no trials"), {}, {}};
  }

  /// Candidates, best first, until so many passed the rung.
  Result<std::vector<Score>> climb(const std::vector<std::size_t>& candidates, std::size_t rung, std::size_t wanted) {
    const double budget = sweep_.budgets[rung];
    std::vector<Score> scores;
    for (const std::size_t index : candidates) {
      if (scores.size() == wanted) break;
      const auto passed = pass(sweep_.trials[index], rung);
      if (!passed) return tl::unexpected(passed.error());
      if (*passed) scores.push_back({index, score_of(*result_at(sweep_.trials[index], budget), sweep_.metric)});
    }
    return scores;
  }

  /// Whether the trial passed; an error ends the sweep.
  Result<bool> pass(Trial& trial, std::size_t rung) {
    const double budget = sweep_.budgets[rung];
    if (result_at(trial, budget) != nullptr) return tell(trial, rung, true);
    // Early stopping may end a trial before its budget: that is all there is of it.
    if (!trial.rungs.empty() && !trial.rungs.back().result.paused) {
      trial.rungs.push_back({.budget = budget, .result = trial.rungs.back().result});
      return tell(trial, rung, true);
    }
    return train(trial, rung);
  }

  Result<bool> tell(const Trial& trial, std::size_t rung, bool reused) const {
    if (hooks_.passed) hooks_.passed(trial, rung, reused);
    return !trial.failure;
  }

  Result<bool> train(Trial& trial, std::size_t rung) {
    TrainJob job = job_;
    job.config = trial.config;
    job.out = trial_folder(job_.out, trial.number);
    job.cache = job_.out / "cache";
    job.budget = sweep_.budgets[rung];
    auto result = hooks_.train(job, trial);
    if (result && !std::isfinite(score_of(*result, sweep_.metric)))
      result = fail(ErrorKind::invalid, tr("The validation loss is not finite"), job.out.string());
    if (result) {
      trial.rungs.push_back({.budget = job.budget, .result = *result});
    } else {
      if (result.error().kind == ErrorKind::cancelled) return tl::unexpected(result.error());
      log::info("trial {} failed: {}", trial.number, result.error().text());
      trial.failure = result.error();
    }
    if (auto saved = save(); !saved) return tl::unexpected(saved.error());
    return tell(trial, rung, false);
  }

  const TrainJob& job_;
  const SweepConfig& config_;
  const SweepHooks& hooks_;
  Sweep sweep_;
};

}  // namespace

std::size_t Sweep::failures() const {
  return static_cast<std::size_t>(
      std::count_if(trials.begin(), trials.end(), [](const Trial& trial) { return trial.failure.has_value(); }));
}

std::filesystem::path trial_folder(const std::filesystem::path& out, std::size_t number) {
  return out / "trials" / fmt::format("{:03}", number);
}

double score_of(const TrainResult& result, const std::string& metric) {
  return metric == "reward_accuracy" ? -result.reward_accuracy : result.eval_loss;
}

const TrainResult* result_at(const Trial& trial, double budget) {
  for (const TrialRung& rung : trial.rungs) {
    if (rung.budget == budget) return &rung.result;
  }
  return nullptr;
}

std::vector<std::size_t> ranking(const Sweep& sweep) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < sweep.trials.size(); ++i) order.push_back(i);
  const auto place = [&](std::size_t i) {
    const Trial& trial = sweep.trials[i];
    const double budget = trial.rungs.empty() ? 0 : trial.rungs.back().budget;
    const double score = trial.rungs.empty() ? 0 : score_of(trial.rungs.back().result, sweep.metric);
    return std::tuple(trial.failure.has_value(), -budget, score, i);
  };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return place(a) < place(b); });
  return order;
}

Sweep plan_sweep(const TrainJob& job, const SweepConfig& config) {
  if (job.eval_data.empty()) {
    throw Fatal(ErrorKind::usage, tr("A sweep compares trials by held-out samples, and there are none"), {},
                tr("give them with --eval-data; in a project, the validation split must not be empty"));
  }
  if (config.metric == "reward_accuracy" && job.config.method != "dpo" && job.config.method != "orpo")
    throw Fatal(ErrorKind::usage, tr("Only pairs have a reward accuracy: methods dpo and orpo"), "metric");
  Sweep sweep{.key = key_of(job, config), .metric = config.metric, .budgets = {}, .trials = {}};
  for (Settings& settings : make_trials(config)) {
    Trial trial{.number = sweep.trials.size() + 1, .settings = {}, .config = {}, .rungs = {}, .failure = {}};
    trial.config = value_or_throw(configure(job.config, settings));
    trial.settings = std::move(settings);
    sweep.trials.push_back(std::move(trial));
  }
  sweep.budgets = rung_budgets(sweep.trials.size(), config.eta, config.min_budget);
  return sweep;
}

Result<Sweep> run_sweep(const TrainJob& job, const SweepConfig& config, const SweepHooks& hooks) {
  return Runner(job, config, hooks, plan_sweep(job, config)).run();
}

Json to_json(const Sweep& sweep) {
  Json json{{"key", sweep.key}, {"metric", sweep.metric}, {"budgets", sweep.budgets}};
  json["best"] = sweep.best ? Json(sweep.trials[*sweep.best].number) : Json(nullptr);
  json["trials"] = Json::array();
  for (const Trial& trial : sweep.trials) {
    Json one{{"trial", trial.number}, {"settings", Json::object()}, {"rungs", Json::array()}};
    for (const auto& [key, value] : trial.settings) one["settings"][key] = value;
    for (const TrialRung& rung : trial.rungs)
      one["rungs"].push_back({{"budget", rung.budget}, {"result", to_json(rung.result)}});
    if (trial.failure) one["failure"] = to_json(*trial.failure);
    json["trials"].push_back(std::move(one));
  }
  return json;
}

}  // namespace twin::training
