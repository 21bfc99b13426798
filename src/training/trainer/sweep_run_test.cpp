// A sweep over the real trainer on a tiny random model.
#include <doctest/doctest.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "training/sweep/sweep.h"
#include "training/sweep/sweep_report.h"
#include "training/trainer/testing/tiny_model.h"
#include "training/trainer/trainer.h"

using namespace twin;
using namespace twin::training;

namespace {

std::string answered(const std::string& question) {
  return Json{{"messages",
               {{{"role", "user"}, {"content", question}},
                {{"role", "assistant"}, {"content", "The cat sat on the mat."}}}}}
             .dump() +
         "\n";
}

/// Trains in this process; may stop at a step of a trial, as SIGTERM would.
struct RealTrainer {
  explicit RealTrainer(const std::filesystem::path& folder) {
    std::string train;
    for (int i = 0; i < 24; ++i) train += answered("Who? " + std::to_string(i));
    REQUIRE(disk().write(folder / "base.gguf", testing::tiny_model()).has_value());
    REQUIRE(disk().write(folder / "train.jsonl", train).has_value());
    REQUIRE(disk().write(folder / "eval.jsonl", answered("Where?")).has_value());
    job.base = folder / "base.gguf";
    job.data = folder / "train.jsonl";
    job.eval_data = folder / "eval.jsonl";
    job.out = folder / "out";
    job.base_name = "tiny";
    job.config.batch_size = 3;
    job.config.max_steps = 16;
    job.config.checkpoint_every = 3;
    job.config.threads = 1;
    job.config.dtype = "f32";
    hooks.train = [this](const TrainJob& trial_job, const Trial& trial) { return run(trial_job, trial); };
  }

  Result<TrainResult> run(const TrainJob& trial_job, const Trial& trial) {
    std::atomic<bool> stop{false};
    auto trainer = testing::byte_hooks();
    trainer.stop = &stop;
    trainer.event = [&](const Json& event) {
      if (event["event"] == "tokenized" && event["done"] == event["total"]) ++tokenized;
      if (event["event"] != "step") return;
      ++steps;
      if (trial.number == stop_trial && event["step"] == stop_step) stop = true;
    };
    try {
      return train(trial_job, trainer);
    } catch (const Fatal& fatal) {
      return tl::unexpected<Error>(fatal.error());
    }
  }

  TrainJob job;
  SweepHooks hooks;
  std::size_t stop_trial = 0;
  std::int64_t stop_step = 0;
  int steps = 0, tokenized = 0;
};

}  // namespace

TEST_CASE("sweep: the winner is, byte for byte, the same job trained in one go, also when the sweep was stopped") {
  const TempFolder folder;
  RealTrainer real(folder.path());
  const auto config = read_sweep("lr=1e-6,1e-2,1e-4,1e-5 eta=2");  // budgets of 4, 8 and 16 steps
  const std::pair<std::size_t, std::int64_t> stops[] = {{3, 2}, {2, 7}, {2, 13}};
  for (const auto& [trial, step] : stops) {
    real.stop_trial = trial;
    real.stop_step = step;
    const auto stopped = run_sweep(real.job, config, real.hooks);
    REQUIRE_FALSE(stopped.has_value());
    CHECK(stopped.error().kind == ErrorKind::cancelled);
  }
  real.stop_trial = 0;
  const auto sweep = run_sweep(real.job, config, real.hooks);
  REQUIRE(sweep.has_value());
  CHECK(sweep->trials[*sweep->best].number == 2);
  CHECK(real.steps == 4 * 4 + 2 * 4 + 8);  // each step once: promoted trials went on from their checkpoints
  CHECK(real.tokenized == 2);              // training and evaluation samples, for all trials

  TrainJob plain = real.job;
  plain.out = folder.path() / "plain";
  plain.config.lr = 1e-2;
  const auto expected = train(plain, testing::byte_hooks());
  CHECK(sweep->trials[1].rungs.back().result.eval_loss == expected.eval_loss);
  for (const char* file : {"adapter/adapter_model.safetensors", "adapter/adapter_config.json", "adapter.gguf"}) {
    const bool same = disk().read(plain.out / file).value() == disk().read(real.job.out / file).value();
    CHECK_MESSAGE(same, file);
  }
  const auto page = to_html(*sweep, real.job.out);
  std::size_t curves = 0;
  for (std::size_t at = page.find("<path"); at != std::string::npos; at = page.find("<path", at + 1)) ++curves;
  CHECK(curves == 8);
}

TEST_CASE("sweep: a trial that diverges or is refused is listed, and the others go on") {
  const TempFolder folder;
  RealTrainer real(folder.path());
  const auto sweep = run_sweep(real.job, read_sweep("quantize_base=q4_k,false lr=1e-2 eta=1"), real.hooks);
  REQUIRE(sweep.has_value());
  CHECK(sweep->failures() == 1);
  REQUIRE(sweep->trials[0].failure.has_value());
  CHECK(sweep->trials[0].failure->message.find("blocks") != std::string::npos);
  CHECK(sweep->trials[*sweep->best].number == 2);
  CHECK(disk().exists(real.job.out / "adapter.gguf"));
}
