// Whole runs on a tiny random model.
#include "training/trainer/trainer.h"
#include "training/trainer/prepare.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "training/trainer/testing/tiny_llama.h"

using namespace twin;
using namespace twin::training;

namespace {

std::string conversation(const std::string& question, const std::string& answer) {
  return Json{{"messages", {{{"role", "user"}, {"content", question}}, {{"role", "assistant"}, {"content", answer}}}}}
             .dump() +
         "\n";
}

class Project {
 public:
  Project() {
    write("base.gguf", testing::tiny_llama());
    std::string train;
    for (int i = 0; i < 24; ++i) train += conversation("Who? " + std::to_string(i), "The cat sat on the mat.");
    train += conversation("Long", std::string(500, 'x'));
    write("train.jsonl", train);
    write("eval.jsonl", conversation("Where?", "The cat sat on the mat."));
  }
  void write(const std::string& name, const std::string& bytes) const {
    REQUIRE(disk().write(folder_.path() / name, bytes).has_value());
  }
  [[nodiscard]] std::string read(const std::string& name) const { return disk().read(folder_.path() / name).value(); }
  [[nodiscard]] std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }
  [[nodiscard]] TrainJob job(const std::string& out) const {
    TrainJob job;
    job.base = path("base.gguf");
    job.data = path("train.jsonl");
    job.eval_data = path("eval.jsonl");
    job.out = path(out);
    job.base_name = "tiny";
    job.config.batch_tokens = 200;
    job.config.micro_tokens = 100;
    job.config.max_length = 120;
    job.config.max_steps = 16;
    job.config.lr = 1e-2;
    job.config.lora.dropout = 0.1;
    job.config.checkpoint_every = 3;
    job.config.threads = 1;
    job.config.dtype = "f32";
    return job;
  }

 private:
  TempFolder folder_;
};

/// Runs until the given step was reported, then stops as SIGTERM would.
Error stopped_after(const TrainJob& job, std::int64_t step) {
  std::atomic<bool> stop{false};
  auto hooks = testing::byte_hooks();
  hooks.stop = &stop;
  hooks.event = [&](const Json& event) {
    if (event["event"] == "step" && event["step"] == step) stop = true;
  };
  try {
    (void)train(job, hooks);
  } catch (const Fatal& fatal) {
    return fatal.error();
  }
  FAIL("the run was not stopped");
  return {};
}

Error failure_of(const TrainJob& job) {
  try {
    (void)train(job, testing::byte_hooks());
  } catch (const Fatal& fatal) {
    return fatal.error();
  }
  FAIL("the run did not fail");
  return {};
}

}  // namespace

TEST_CASE("training: the loss falls, the adapter is written, too long samples are dropped and listed") {
  const Project project;
  for (const char* dtype : {"f32", "bf16"}) {
    auto job = project.job(dtype);
    job.config.dtype = dtype;
    const auto result = train(job, testing::byte_hooks());
    CHECK(result.steps == 16);
    CHECK(result.dropped == 1);
    CHECK(result.base_eval_loss > 3.0);
    CHECK(result.eval_loss < 0.7 * result.base_eval_loss);
    CHECK(result.tokens > result.loss_tokens);
    CHECK(result.peak_rss_bytes > 0);
    CHECK(disk().exists(result.gguf));
    CHECK(disk().exists(result.peft / "adapter_config.json"));
    const auto dropped = Json::parse(disk().read(job.out / "dropped.jsonl").value());
    CHECK(dropped["line"] == 25);
    CHECK(disk().read(job.out / "README.md").value().find("tiny") != std::string::npos);
    std::ifstream metrics(job.out / "metrics.jsonl");
    std::int64_t lines = 0;
    for (std::string line; std::getline(metrics, line); ++lines) CHECK(Json::parse(line).contains("step"));
    CHECK(lines == 18);  // 16 steps, an evaluation before and one after
    CHECK_FALSE(disk().exists(job.out / "checkpoints"));
  }
}

TEST_CASE("training: a stopped and resumed run ends with the same bytes as one that was never stopped") {
  const Project project;
  for (const char* dtype : {"f32", "bf16"}) {
    CAPTURE(dtype);
    const std::string tag = dtype;
    auto whole = project.job("whole-" + tag);
    auto parts = project.job("parts-" + tag);
    whole.config.dtype = parts.config.dtype = dtype;
    whole.config.threads = parts.config.threads = 2;
    (void)train(whole, testing::byte_hooks());
    for (const std::int64_t step : {2, 7}) {
      const auto error = stopped_after(parts, step);
      CHECK(error.kind == ErrorKind::cancelled);
      CHECK(error.message.find(std::to_string(step)) != std::string::npos);
    }
    const auto result = train(parts, testing::byte_hooks());
    CHECK(result.steps == 16);
    for (const char* file : {"adapter/adapter_model.safetensors", "adapter.gguf"}) {
      const bool same = disk().read(whole.out / file).value() == disk().read(parts.out / file).value();
      CHECK_MESSAGE(same, file);
    }
    std::ifstream metrics(parts.out / "metrics.jsonl");
    std::int64_t expected = 1;
    for (std::string line; std::getline(metrics, line);) {
      const auto json = Json::parse(line);
      if (json["event"] == "step") CHECK(json["step"] == expected++);
    }
    CHECK(expected == 17);
  }
}

TEST_CASE("training: a damaged newest checkpoint falls back to the one before") {
  const Project project;
  const auto whole = project.job("whole");
  const auto parts = project.job("parts");
  (void)train(whole, testing::byte_hooks());
  (void)stopped_after(parts, 8);  // checkpoints after steps 6 and 8 are kept
  project.write("parts/checkpoints/step-00000008/state.safetensors", "damaged");
  std::int64_t resumed = -1;
  auto hooks = testing::byte_hooks();
  hooks.event = [&](const Json& event) {
    if (event["event"] == "resumed") resumed = event["step"].get<std::int64_t>();
  };
  (void)train(parts, hooks);
  CHECK(resumed == 6);
  CHECK(project.read("whole/adapter/adapter_model.safetensors") ==
        project.read("parts/adapter/adapter_model.safetensors"));
}

TEST_CASE("training: another job does not use these checkpoints; the same finished job is not run again") {
  const Project project;
  auto job = project.job("out");
  (void)stopped_after(job, 5);
  job.config.lr = 5e-3;
  int steps = 0;
  bool tokenized = false;
  auto hooks = testing::byte_hooks();
  hooks.event = [&](const Json& event) {
    steps += event["event"] == "step" ? 1 : 0;
    tokenized = tokenized || event["event"] == "tokenized";
  };
  const auto first = train(job, hooks);
  CHECK(steps == 16);
  CHECK_FALSE(tokenized);  // the same data: from the cache
  steps = 0;
  const auto second = train(job, hooks);
  CHECK(steps == 0);
  CHECK(second.eval_loss == first.eval_loss);
  CHECK(second.gguf == first.gguf);
}

TEST_CASE("training: the gradient does not depend on how a step is split or packed") {
  const Project project;
  std::vector<double> losses;
  for (const int variant : {0, 1, 2}) {
    auto job = project.job("variant" + std::to_string(variant));
    job.config.lora.dropout = 0;
    job.config.micro_tokens = variant == 1 ? 1000 : 60;
    job.config.packing = variant != 2;
    losses.push_back(train(job, testing::byte_hooks()).eval_loss);
  }
  CHECK(losses[0] == doctest::Approx(losses[1]).epsilon(1e-3));
  CHECK(losses[0] == doctest::Approx(losses[2]).epsilon(1e-3));
}

TEST_CASE("training: divergence is reported with its step and cause, and what to change") {
  const Project project;
  project.write("base.gguf", testing::tiny_llama({.layers = 3, .overflowing_layer = 1}));
  const auto job = project.job("out");
  const auto error = failure_of(job);
  CHECK(error.kind == ErrorKind::invalid);
  CHECK(error.message.find("diverged at step 1") != std::string::npos);
  CHECK(error.message.find("layer 1 is the first") != std::string::npos);
  CHECK(error.where.find("lines") != std::string::npos);
  CHECK(error.hint.find("training.lr") != std::string::npos);
  CHECK_FALSE(disk().exists(job.out / "adapter.gguf"));
}

TEST_CASE("training: empty, malformed and unfit data are errors that say so") {
  const Project project;
  auto job = project.job("out");
  project.write("train.jsonl", "\n");
  CHECK(failure_of(job).message == "The dataset is empty");
  project.write("train.jsonl", conversation("a", "b") + "{\n");
  CHECK(failure_of(job).where.ends_with("train.jsonl:2"));
  project.write("train.jsonl", conversation("a", std::string(400, 'b')));
  CHECK(failure_of(job).hint.find("max_length") != std::string::npos);
  job.base = project.path("missing.gguf");
  CHECK(failure_of(job).where.find("missing.gguf") != std::string::npos);
}

TEST_CASE("scoring: one item per line in order; the adapter lowers the loss; windows count each token once") {
  const Project project;
  auto job = project.job("out");
  job.config.lora.dropout = 0;
  const auto trained = train(job, testing::byte_hooks());
  std::string long_text;
  for (int i = 0; i < 30; ++i) long_text += "The cat sat on the mat. ";
  project.write("score.jsonl", project.read("eval.jsonl") + Json{{"text", long_text}}.dump() + "\n" +
                                   Json{{"text", "x"}}.dump() + "\n" + project.read("eval.jsonl"));
  ScoreJob score_job;
  score_job.base = job.base;
  score_job.data = project.path("score.jsonl");
  score_job.dtype = "f32";
  score_job.max_length = 64;
  score_job.threads = 1;
  const auto base = score(score_job, testing::byte_hooks());
  REQUIRE(base.size() == 4);
  CHECK(base[0].nll / static_cast<double>(base[0].tokens) == doctest::Approx(trained.base_eval_loss).epsilon(1e-4));
  CHECK(base[1].tokens == static_cast<std::int64_t>(long_text.size()) - 1);
  CHECK(base[2].tokens == 0);
  CHECK(base[2].nll == 0.0);
  CHECK(base[3].nll == doctest::Approx(base[0].nll));

  score_job.adapter = trained.peft;
  const auto tuned = score(score_job, testing::byte_hooks());
  CHECK(tuned[0].nll / static_cast<double>(tuned[0].tokens) == doctest::Approx(trained.eval_loss).epsilon(1e-4));
  CHECK(tuned[1].nll < base[1].nll);
  const auto again = score(score_job, testing::byte_hooks());
  for (std::size_t i = 0; i < tuned.size(); ++i) CHECK(again[i].nll == tuned[i].nll);

  score_job.max_length = 4096;
  CHECK_THROWS_AS(score(score_job, testing::byte_hooks()), Fatal);
}

TEST_CASE("dtype auto is one of the two, by what the processor computes fast") {
  CHECK(resolve_dtype("f32") == "f32");
  CHECK(resolve_dtype("bf16") == "bf16");
  CHECK(resolve_dtype("auto") == (__builtin_cpu_supports("avx512bf16") ? "bf16" : "f32"));
  CHECK(TrainConfig{}.dtype == "auto");
}
