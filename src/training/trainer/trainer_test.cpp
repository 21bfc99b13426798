// Whole runs on a tiny random model.
#include "training/trainer/trainer.h"
#include "training/trainer/prepare.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "training/trainer/testing/tiny_model.h"

using namespace twin;
using namespace twin::training;

namespace {

/// A preference for whole sentences; with a label, the same as judged answers.
std::string pair(int i) {
  return Json{{"prompt", {{{"role", "user"}, {"content", "Who? " + std::to_string(i)}}}},
              {"chosen", {{{"role", "assistant"}, {"content", "The cat sat on the mat."}}}},
              {"rejected", {{{"role", "assistant"}, {"content", "zqzq zqzq"}}}}}
             .dump() +
         "\n";
}
std::string judged(int i, bool good) {
  return Json{{"prompt", {{{"role", "user"}, {"content", "Who? " + std::to_string(i)}}}},
              {"completion", good ? "The cat sat on the mat." : "zqzq zqzq"},
              {"label", good}}
             .dump() +
         "\n";
}

std::string conversation(const std::string& question, const std::string& answer) {
  return Json{{"messages", {{{"role", "user"}, {"content", question}}, {{"role", "assistant"}, {"content", answer}}}}}
             .dump() +
         "\n";
}

class Project {
 public:
  Project() {
    write("base.gguf", testing::tiny_model());
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

TEST_CASE("training: 8-bit AdamW, Muon and DoRA are resumed exactly, too, and learn as the others do") {
  const Project project;
  auto plain = project.job("plain");
  const double expected = train(plain, testing::byte_hooks()).eval_loss;
  struct Case {
    const char *optimizer, *name;
    bool dora;
    double near;  // 0: another way, which is not compared
  };
  for (const auto& [optimizer, name, dora, near] :
       {Case{"adamw8bit", "adamw8bit", false, 0.05}, Case{"adamw", "dora", true, 0.25}, Case{"muon", "muon", false, 0},
        Case{"muon", "muon-dora", true, 0}}) {
    const std::string what = name;
    CAPTURE(what);
    auto whole = project.job("whole-" + what);
    auto parts = project.job("parts-" + what);
    for (auto* job : {&whole, &parts}) {
      job->config.optimizer = optimizer;
      job->config.lora.dora = dora;
      job->config.threads = 2;
    }
    const auto result = train(whole, testing::byte_hooks());
    if (near > 0) CHECK(result.eval_loss == doctest::Approx(expected).epsilon(near));
    CHECK(result.eval_loss < 0.7 * result.base_eval_loss);
    for (const std::int64_t step : {2, 7}) CHECK(stopped_after(parts, step).kind == ErrorKind::cancelled);
    (void)train(parts, testing::byte_hooks());
    const char* const weights = "/adapter/adapter_model.safetensors";
    CHECK(project.read("whole-" + what + weights) == project.read("parts-" + what + weights));
    // Checkpoints of one are not those of the other.
    CHECK(dora == result.gguf.empty());
  }
}

TEST_CASE("training: DoRA ends with base and adapter as one GGUF, which scores as the adapter does") {
  const Project project;
  auto job = project.job("dora");
  job.config.lora.dora = true;
  job.config.lora.dropout = 0;
  const auto result = train(job, testing::byte_hooks());
  CHECK_FALSE(disk().exists(job.out / "adapter.gguf"));
  REQUIRE(disk().exists(result.merged));
  ScoreJob scores;
  scores.base = job.base;
  scores.adapter = result.peft;
  scores.data = job.eval_data;
  scores.dtype = "f32";
  scores.max_length = 64;
  scores.threads = 1;
  const auto adapted = score(scores, testing::byte_hooks());
  CHECK(adapted[0].nll / static_cast<double>(adapted[0].tokens) == doctest::Approx(result.eval_loss).epsilon(1e-4));
  scores.base = result.merged;
  scores.adapter.clear();
  CHECK(score(scores, testing::byte_hooks())[0].nll == doctest::Approx(adapted[0].nll).epsilon(0.01));  // in f16
  CHECK(train(job, testing::byte_hooks()).merged == result.merged);  // finished: not run again
}

TEST_CASE("training: a validation file in which nothing fits ends a run that needs it, and no other") {
  const Project project;
  project.write("eval.jsonl", conversation("Where?", std::string(400, 'y')));
  auto job = project.job("out");
  const auto error = failure_of(job);
  CHECK(error.where.ends_with("eval.jsonl"));
  CHECK(error.hint.find("max_length") != std::string::npos);
  job.need_eval = false;
  job.config.eval_every = 2;
  job.config.early_stop = 2;
  auto hooks = testing::byte_hooks();
  std::string reason;
  hooks.event = [&](const Json& event) {
    if (event["event"] == "eval_skipped") reason = event["reason"];
  };
  const auto result = train(job, hooks);
  CHECK(result.steps == 16);
  CHECK(reason.find("None of the 1 samples") != std::string::npos);
  CHECK(result.eval_skipped == reason);
  CHECK(project.read("out/README.md").find("Nothing was evaluated: None of the 1") != std::string::npos);
  CHECK(project.read("out/dropped_eval.jsonl").find("\"line\":1") != std::string::npos);
}

TEST_CASE("training: a run that pauses at its budgets ends with the same bytes, and pauses where it was asked to") {
  const Project project;
  auto whole = project.job("whole");
  auto parts = project.job("parts");
  for (auto* job : {&whole, &parts}) {
    job->config.eval_every = 4;
    job->config.early_stop = 8;  // what it counts must not see the evaluations of the pauses
  }
  const auto expected = train(whole, testing::byte_hooks());
  parts.cache = project.path("shared");
  double before = 1e9;
  for (const double budget : {0.001, 0.25, 0.6}) {  // of 16 steps: 1, 4, 10
    parts.budget = budget;
    const auto paused = train(parts, testing::byte_hooks());
    CHECK(paused.paused);
    CHECK(paused.steps == std::max<std::int64_t>(1, std::llround(16 * budget)));
    CHECK(paused.eval_loss < before);
    CHECK(paused.eval_loss > 0);
    CHECK_FALSE(disk().exists(parts.out / "adapter.gguf"));
    before = paused.eval_loss;
    const auto again = train(parts, testing::byte_hooks());  // nothing to compute but the evaluation
    CHECK(again.steps == paused.steps);
    CHECK(again.eval_loss == paused.eval_loss);
  }
  parts.budget = 1;
  const auto result = train(parts, testing::byte_hooks());
  CHECK_FALSE(result.paused);
  CHECK(result.eval_loss == expected.eval_loss);
  for (const char* file : {"adapter/adapter_model.safetensors", "adapter.gguf"}) {
    const bool same = disk().read(whole.out / file).value() == disk().read(parts.out / file).value();
    CHECK_MESSAGE(same, file);
  }
  CHECK_FALSE(disk().exists(parts.out / "cache"));
  CHECK(disk().exists(parts.cache));
}

TEST_CASE("training: a checkpoint beyond the budget is not taken for what the budget reaches") {
  const Project project;
  auto job = project.job("out");
  (void)stopped_after(job, 10);
  job.budget = 0.25;
  const auto paused = train(job, testing::byte_hooks());
  CHECK(paused.steps == 4);
  job.out = project.path("fresh");
  CHECK(train(job, testing::byte_hooks()).eval_loss == paused.eval_loss);
}

TEST_CASE("training: each method lowers its loss, and preference methods raise the margin of rewards") {
  const Project project;
  std::string pairs, judgements, texts;
  for (int i = 0; i < 16; ++i) {
    pairs += pair(i);
    judgements += judged(i, i % 2 == 0);
    texts +=
        Json{{"text", "The cat sat on the mat. The dog sat on the cat, number " + std::to_string(i)}}.dump() + "\n";
  }
  project.write("pairs.jsonl", pairs);
  project.write("judged.jsonl", judgements);
  project.write("texts.jsonl", texts);
  struct Case {
    const char *method, *loss, *data;
    bool rewards;
  };
  for (const auto& [given_method, given_loss, data, rewards] :
       {Case{"text", "sigmoid", "texts.jsonl", false}, Case{"dpo", "sigmoid", "pairs.jsonl", true},
        Case{"dpo", "ipo", "pairs.jsonl", true}, Case{"orpo", "sigmoid", "pairs.jsonl", true},
        Case{"kto", "sigmoid", "judged.jsonl", true}}) {
    const std::string method = given_method, loss = given_loss;
    CAPTURE(method);
    CAPTURE(loss);
    auto job = project.job(method + loss);
    job.config.method = method;
    job.config.dpo.loss = loss;
    job.data = job.eval_data = project.path(data);
    job.config.lr = 5e-3;
    const auto result = train(job, testing::byte_hooks());
    CHECK(result.eval_loss < result.base_eval_loss);
    if (!rewards) continue;
    CHECK(result.reward_margin > 0.02);
    if (std::string(method) != "kto") CHECK(result.reward_accuracy > 0.9);
  }
}

TEST_CASE("training: at the start DPO costs log 2 a pair, and its rewards are zero") {
  const Project project;
  std::string pairs;
  for (int i = 0; i < 6; ++i) pairs += pair(i);
  project.write("pairs.jsonl", pairs);
  auto job = project.job("out");
  job.config.method = "dpo";
  job.config.lora.dropout = 0;
  job.data = job.eval_data = project.path("pairs.jsonl");
  job.config.max_steps = 1;
  const auto result = train(job, testing::byte_hooks());
  CHECK(result.base_eval_loss == doctest::Approx(std::log(2.0)).epsilon(1e-4));
  CHECK(result.final_loss == doctest::Approx(std::log(2.0)).epsilon(1e-4));
}

TEST_CASE("training: a stopped and resumed run of DPO and KTO ends with the same bytes, references from the cache") {
  const Project project;
  std::string pairs, judgements;
  for (int i = 0; i < 12; ++i) {
    pairs += pair(i);
    judgements += judged(i, i % 3 != 0);
  }
  project.write("dpo.jsonl", pairs);
  project.write("kto.jsonl", judgements);
  for (const std::string method : {"dpo", "kto"}) {
    CAPTURE(method);
    auto whole = project.job("whole-" + method);
    auto parts = project.job("parts-" + method);
    for (auto* job : {&whole, &parts}) {
      job->config.method = method;
      job->data = project.path(method + ".jsonl");
      job->eval_data.clear();
      job->config.batch_size = 3;
      job->config.max_steps = 7;
    }
    (void)train(whole, testing::byte_hooks());
    CHECK(stopped_after(parts, 4).kind == ErrorKind::cancelled);
    bool scored = false;
    auto hooks = testing::byte_hooks();
    hooks.event = [&](const Json& event) { scored = scored || event["event"] == "reference"; };
    (void)train(parts, hooks);
    CHECK_FALSE(scored);
    CHECK(project.read("whole-" + method + "/adapter.gguf") == project.read("parts-" + method + "/adapter.gguf"));
  }
}

TEST_CASE("training: early stopping ends the run and keeps the best adapter, also across a stop") {
  const Project project;
  project.write("eval.jsonl", conversation("Where?", "qqqq zzzz qqqq"));  // learning the others makes this one worse
  auto whole = project.job("whole");
  whole.config.eval_every = 1;
  whole.config.early_stop = 3;
  whole.config.lr = 3e-2;
  whole.config.max_steps = 40;
  const auto result = train(whole, testing::byte_hooks());
  CHECK(result.steps < 40);
  double best = 1e9;
  std::ifstream metrics(whole.out / "metrics.jsonl");
  for (std::string line; std::getline(metrics, line);) {
    const auto json = Json::parse(line);
    if (json["event"] == "eval" && json["step"] > 0) best = std::min(best, json["eval_loss"].get<double>());
  }
  CHECK(result.eval_loss == doctest::Approx(best).epsilon(1e-9));
  auto parts = whole;
  parts.out = project.path("parts");
  (void)stopped_after(parts, 2);
  CHECK(train(parts, testing::byte_hooks()).steps == result.steps);
  CHECK(project.read("whole/adapter.gguf") == project.read("parts/adapter.gguf"));
}

TEST_CASE("training: with the base in blocks the loss falls as it does with a wide base") {
  const Project project;
  project.write("base.gguf", testing::tiny_model({.type = "Q4_1"}));
  std::vector<double> losses;
  for (const char* quantize : {"false", "true", "q8_0"}) {
    auto job = project.job(std::string("out-") + quantize);
    job.config.quantize_base = quantize;
    losses.push_back(train(job, testing::byte_hooks()).eval_loss);
  }
  CHECK(losses[0] == doctest::Approx(losses[1]).epsilon(1e-4));
  CHECK(losses[0] == doctest::Approx(losses[2]).epsilon(0.1));
}

TEST_CASE("training: data of another form names the line and the method that fits") {
  const Project project;
  auto job = project.job("out");
  job.config.method = "dpo";
  const auto error = failure_of(job);
  CHECK(error.where.ends_with("train.jsonl:1"));
  CHECK(error.hint.find("sft") != std::string::npos);
  project.write("train.jsonl", judged(1, true));
  job.config.method = "kto";
  job.eval_data.clear();
  CHECK(failure_of(job).message.find("two samples") != std::string::npos);
}

TEST_CASE("training: too long texts are split, and a length beyond the model's context is refused") {
  const Project project;
  project.write("train.jsonl", Json{{"text", std::string(300, 'a') + std::string(200, 'b')}}.dump() + "\n");
  auto job = project.job("out");
  job.config.method = "text";
  job.eval_data.clear();
  job.config.max_steps = 0;
  const auto result = train(job, testing::byte_hooks());
  CHECK(result.dropped == 0);
  CHECK(result.samples == 5);
  CHECK(result.loss_tokens == 499);
  job.out = project.path("keep");
  job.config.too_long = "keep";
  CHECK(failure_of(job).message.find("context is 128") != std::string::npos);
}

TEST_CASE("training: a checkpoint that cannot be written ends the run with the reason; the one before stays") {
  const Project project;
  const auto job = project.job("out");
  (void)stopped_after(job, 3);
  REQUIRE(disk().exists(job.out / "checkpoints" / "step-00000003"));
  // A file in the place of the checkpoints' folder refuses what a full disk refuses.
  auto hooks = testing::byte_hooks();
  bool damaged = false;
  hooks.event = [&](const Json& event) {
    if (event["event"] != "step" || damaged) return;
    damaged = true;
    std::filesystem::rename(job.out / "checkpoints", job.out / "moved");
    project.write("out/checkpoints", "a file");
  };
  std::string message;
  try {
    (void)train(job, hooks);
  } catch (const Fatal& fatal) {
    message = fatal.error().text();
  }
  CHECK_FALSE(message.empty());
  CHECK(disk().exists(job.out / "moved" / "step-00000003" / "state.json"));
  std::filesystem::remove(job.out / "checkpoints");
  std::filesystem::rename(job.out / "moved", job.out / "checkpoints");
  CHECK(train(job, testing::byte_hooks()).steps == 16);
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
  project.write("base.gguf", testing::tiny_model({.layers = 3, .overflowing_layer = 1}));
  const auto job = project.job("out");
  const auto error = failure_of(job);
  CHECK(error.kind == ErrorKind::invalid);
  CHECK(error.message.find("diverged at step 1") != std::string::npos);
  CHECK(error.message.find("layer 1 is the first") != std::string::npos);
  CHECK(error.where.find("lines") != std::string::npos);
  CHECK(error.hint.find("lower lr") != std::string::npos);
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
  CHECK_THROWS_AS((void)score(score_job, testing::byte_hooks()), Fatal);
}

TEST_CASE("dtype auto is one of the two, by what the processor computes fast") {
  CHECK(resolve_dtype("f32") == "f32");
  CHECK(resolve_dtype("bf16") == "bf16");
  CHECK(resolve_dtype("auto") == (__builtin_cpu_supports("avx512bf16") ? "bf16" : "f32"));
  CHECK(TrainConfig{}.dtype == "auto");
}
