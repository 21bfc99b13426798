// Sweeps over a trainer that computes its losses from the settings.
#include "training/sweep/sweep.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "training/sweep/sweep_report.h"

using namespace twin;
using namespace twin::training;

namespace {

/// The loss falls towards |log10 lr + 3| with the budget.
class Bench {
 public:
  Bench() {
    for (const char* name : {"base.gguf", "train.jsonl", "eval.jsonl"})
      REQUIRE(disk().write(folder_.path() / name, name).has_value());
    job.base = folder_.path() / "base.gguf";
    job.data = folder_.path() / "train.jsonl";
    job.eval_data = folder_.path() / "eval.jsonl";
    job.out = folder_.path() / "out";
    hooks.train = [this](const TrainJob& trial_job, const Trial& trial) { return train(trial_job, trial); };
  }

  Result<TrainResult> train(const TrainJob& trial_job, const Trial& trial) {
    calls.emplace_back(trial.number, trial_job.budget);
    if (static_cast<int>(calls.size()) == stop_at) return fail(ErrorKind::cancelled, "stopped");
    if (failing.contains(trial.number) && failing.at(trial.number) <= trial_job.budget)
      return fail(ErrorKind::invalid, "Training diverged", {}, "lower lr");
    CHECK(trial_job.cache == job.out / "cache");
    TrainResult result;
    result.steps = std::llround(90 * trial_job.budget);
    result.eval_loss = std::abs(std::log10(trial_job.config.lr) + 3) + 1 / trial_job.budget;
    if (broken_loss == trial.number) result.eval_loss = std::nan("");
    result.paused = trial_job.budget < 1 && ends_early != trial.number;
    result.tokens_per_s = 100;
    if (!result.paused) {
      for (const char* name : {"adapter/adapter_model.safetensors", "adapter/adapter_config.json", "adapter.gguf",
                               "README.md", "metrics.jsonl", "dropped.jsonl", "result.json"})
        REQUIRE(disk().write(trial_job.out / name, std::to_string(trial.number)).has_value());
    }
    return result;
  }

  [[nodiscard]] Result<Sweep> sweep(const std::string& text) const { return run_sweep(job, read_sweep(text), hooks); }
  [[nodiscard]] std::string placed() const { return disk().read(job.out / "adapter.gguf").value_or("none"); }

  TrainJob job;
  SweepHooks hooks;
  std::vector<std::pair<std::size_t, double>> calls;
  std::map<std::size_t, double> failing;  ///< trial → budget from which it fails
  int stop_at = 0;
  std::size_t ends_early = 0, broken_loss = 0;

 private:
  TempFolder folder_;
};

const std::string nine = "lr=1e-1,3e-2,1e-2,3e-3,1e-3,3e-4,1e-4,1e-5,1e-6";

using Calls = std::vector<std::pair<std::size_t, double>>;

}  // namespace

TEST_CASE("sweep: the best third goes on from rung to rung, and the winner's files become the result") {
  Bench bench;
  const auto sweep = bench.sweep(nine);
  REQUIRE(sweep.has_value());
  Calls expected;
  for (std::size_t trial = 1; trial <= 9; ++trial) expected.emplace_back(trial, 1.0 / 9);
  for (const std::size_t trial : {5, 4, 6}) expected.emplace_back(trial, 1.0 / 3);
  expected.emplace_back(5, 1.0);
  CHECK(bench.calls == expected);
  CHECK(sweep->trials[*sweep->best].number == 5);
  CHECK(sweep->failures() == 0);
  CHECK(bench.placed() == "5");
  CHECK(disk().read(bench.job.out / "adapter" / "adapter_config.json").value() == "5");
  const auto order = ranking(*sweep);
  CHECK(order[0] == 4);
  CHECK(order[8] == 8);  // the worst of those that were dropped first
}

TEST_CASE("sweep: with eta 1 all trials are whole runs") {
  Bench bench;
  const auto sweep = bench.sweep("lr=1e-2,1e-3 eta=1");
  REQUIRE(sweep.has_value());
  CHECK(bench.calls == Calls{{1, 1.0}, {2, 1.0}});
}

TEST_CASE("sweep: a stopped one goes on where it was, with the same result") {
  for (int at = 1; at <= 13; ++at) {
    CAPTURE(at);
    Bench bench;
    bench.stop_at = at;
    const auto stopped = bench.sweep(nine);
    REQUIRE_FALSE(stopped.has_value());
    CHECK(stopped.error().kind == ErrorKind::cancelled);
    bench.stop_at = 0;
    const auto sweep = bench.sweep(nine);
    REQUIRE(sweep.has_value());
    CHECK(bench.calls.size() == 14);  // 13 and the one that was stopped
    CHECK(bench.placed() == "5");
    const auto calls = bench.calls.size();
    REQUIRE(bench.sweep(nine).has_value());  // nothing is left to do
    CHECK(bench.calls.size() == calls);
  }
}

TEST_CASE("sweep: a failed trial costs one trial; the next best takes its place; the next call tries it again") {
  Bench bench;
  bench.failing = {{2, 0.0}, {5, 0.5}};
  const auto sweep = bench.sweep(nine);
  REQUIRE(sweep.has_value());
  CHECK(sweep->failures() == 2);
  CHECK(sweep->trials[*sweep->best].number == 4);
  CHECK(bench.placed() == "4");
  const auto json = Json::parse(disk().read(bench.job.out / "sweep.json").value());
  CHECK(json["best"] == 4);
  CHECK(json["trials"][1]["failure"]["message"] == "Training diverged");
  CHECK(json["trials"][4]["rungs"].size() == 2);

  bench.failing.clear();
  bench.calls.clear();
  const auto again = bench.sweep(nine);
  REQUIRE(again.has_value());
  CHECK(bench.calls == Calls{{2, 1.0 / 9}, {5, 1.0}});
  CHECK(again->failures() == 0);
  CHECK(bench.placed() == "5");
}

TEST_CASE("sweep: a loss that is not finite is a failure; when all fail, the first one is the error") {
  Bench bench;
  bench.broken_loss = 1;
  const auto sweep = bench.sweep("lr=1e-3,1e-2");
  REQUIRE(sweep.has_value());
  CHECK(sweep->trials[0].failure.has_value());
  CHECK(bench.placed() == "2");

  Bench broken;
  broken.failing = {{1, 0.0}, {2, 0.0}};
  const auto none = broken.sweep("lr=1e-3,1e-2");
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().message == "Training diverged");
  CHECK(broken.placed() == "none");
}

TEST_CASE("sweep: a trial that early stopping ended is not trained again") {
  Bench bench;
  bench.ends_early = 5;
  const auto sweep = bench.sweep(nine);
  REQUIRE(sweep.has_value());
  CHECK(std::count_if(bench.calls.begin(), bench.calls.end(), [](const auto& call) { return call.first == 5; }) == 1);
}

TEST_CASE("sweep: another sweep in the folder is refused, and stays as it is") {
  Bench bench;
  REQUIRE(bench.sweep("lr=1e-3,1e-2").has_value());
  const auto other = bench.sweep("lr=1e-3,1e-4");
  REQUIRE_FALSE(other.has_value());
  CHECK(other.error().kind == ErrorKind::usage);
  bench.job.config.seed = 99;
  CHECK_FALSE(bench.sweep("lr=1e-3,1e-2").has_value());
  bench.job.config.seed = TrainConfig{}.seed;
  CHECK(bench.sweep("lr=1e-3,1e-2").has_value());
}

TEST_CASE("sweep: what it needs is said before anything is trained") {
  Bench bench;
  CHECK_THROWS_AS((void)bench.sweep("lora.rank=1,2"), Fatal);
  CHECK_THROWS_AS((void)bench.sweep("lr=1e-3,1e-2 metric=reward_accuracy"), Fatal);
  bench.job.eval_data.clear();
  CHECK_THROWS_AS((void)bench.sweep("lr=1e-3,1e-2"), Fatal);
  CHECK(bench.calls.empty());
}

TEST_CASE("sweep: the table has the best first, and the page its curves, with foreign texts escaped") {
  Bench bench;
  bench.failing = {{2, 0.0}};
  const auto sweep = bench.sweep(nine);
  REQUIRE(sweep.has_value());
  const auto rows = sweep_rows(*sweep);
  REQUIRE(rows.size() == 10);
  CHECK(rows[0] == std::vector<std::string>{"trial", "lr", "11.1 %", "33.3 %", "100 %", "tokens/s", ""});
  CHECK(rows[1] == std::vector<std::string>{"5", "1e-3", "9.0000", "3.0000", "1.0000", "100", "best"});
  CHECK(rows[9].back() == "failed");
  CHECK(to_table(*sweep).find("trial 2: Training diverged (lower lr)") != std::string::npos);

  std::string metrics = "broken\n[]\n{\"event\":7}\n";
  for (int step = 0; step <= 10; ++step) {
    metrics += Json{{"event", "eval"}, {"step", step}, {"steps", 10}, {"eval_loss", 4.0 - step / 10.0}}.dump() + "\n";
    metrics += Json{{"event", "step"}, {"step", step}, {"steps", 10}, {"loss", 5.0 - step / 10.0}}.dump() + "\n";
  }
  REQUIRE(disk().write(trial_folder(bench.job.out, 5) / "metrics.jsonl", metrics).has_value());
  auto changed = *sweep;
  changed.trials[4].settings[0].second = "<b>&";
  const auto page = to_html(changed, bench.job.out);
  CHECK(page.find("<path class=\"best\"") != std::string::npos);
  CHECK(page.find("<b>&<") == std::string::npos);
  CHECK(page.find("&lt;b&gt;&amp;") != std::string::npos);
  CHECK(page.find("nan") == std::string::npos);
}
