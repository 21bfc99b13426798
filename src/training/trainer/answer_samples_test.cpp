// Answers in the course of whole runs on a tiny random model whose tokens are bytes.
#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "training/trainer/testing/tiny_model.h"
#include "training/trainer/trainer.h"

using namespace twin;
using namespace twin::training;

namespace {

const std::string sentence = "The cat sat on the mat.";

class Talks {
 public:
  Talks() {
    write("base.gguf", testing::tiny_model({.byte_vocabulary = true}));
    std::string train, eval;
    for (int i = 0; i < 12; ++i) train += talk("Who? " + std::to_string(i), sentence);
    for (int i = 0; i < 4; ++i) eval += talk("Where? " + std::to_string(i), sentence);
    write("train.jsonl", train);
    write("eval.jsonl", eval);
  }
  static std::string talk(const std::string& question, const std::string& answer) {
    return Json{{"messages", {{{"role", "user"}, {"content", question}}, {{"role", "assistant"}, {"content", answer}}}}}
               .dump() +
           "\n";
  }
  void write(const std::string& name, const std::string& bytes) const {
    REQUIRE(disk().write(folder_.path() / name, bytes).has_value());
  }
  [[nodiscard]] std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }
  [[nodiscard]] TrainJob job(const std::string& out, int every) const {
    TrainJob job;
    job.base = path("base.gguf");
    job.data = path("train.jsonl");
    job.eval_data = path("eval.jsonl");
    job.out = path(out);
    job.config.batch_tokens = 200;
    job.config.max_length = 120;
    job.config.max_steps = 12;
    job.config.lr = 1e-2;
    job.config.lora.dropout = 0.1;
    job.config.checkpoint_every = 3;
    job.config.threads = 2;
    job.config.dtype = "f32";
    job.config.samples.every = every;
    job.config.samples.count = 2;
    job.config.samples.max_tokens = 40;
    return job;
  }

 private:
  TempFolder folder_;
};

std::vector<Json> answers_of(const TrainJob& job) {
  std::vector<Json> events;
  std::ifstream in(job.out / "metrics.jsonl");
  for (std::string line; std::getline(in, line);) {
    auto json = Json::parse(line);
    if (json["event"] == "samples") events.push_back(std::move(json));
  }
  return events;
}

std::vector<std::int64_t> steps_of(const std::vector<Json>& events) {
  std::vector<std::int64_t> steps;
  for (const Json& event : events) steps.push_back(event["step"]);
  return steps;
}

std::string adapter_of(const TrainJob& job) {
  return disk().read(job.out / "adapter.gguf").value();
}

/// Stops as SIGTERM would, when an event of this kind is reported for this step.
void stop_at(const TrainJob& job, const std::string& kind, std::int64_t step) {
  std::atomic<bool> stop{false};
  auto hooks = testing::byte_hooks();
  hooks.stop = &stop;
  hooks.event = [&](const Json& event) { stop = stop || (event["event"] == kind && event["step"] == step); };
  CHECK_THROWS_AS((void)train(job, hooks), Fatal);
}

}  // namespace

TEST_CASE("answers: a model that has learned a sentence by heart says it, and ends it, where before it did not") {
  const Talks talks;
  auto job = talks.job("out", 80);
  job.config.max_steps = 160;
  job.config.lora.dropout = 0;
  std::vector<Json> heard;
  auto hooks = testing::byte_hooks();
  hooks.event = [&](const Json& event) {
    if (event["event"] == "samples") heard.push_back(event);
  };
  (void)train(job, hooks);
  const auto events = answers_of(job);
  CHECK(steps_of(events) == std::vector<std::int64_t>{0, 80, 160});
  CHECK(heard == events);
  REQUIRE(events.front()["answers"].size() == 2);
  const Json& first = events.front()["answers"][0];
  CHECK(first["prompt"] == "Where? 0");
  CHECK(events.front()["answers"][1]["prompt"] == "Where? 2");  // spread over the four
  CHECK(first["expected"] == sentence);
  CHECK(first["answer"] != sentence);
  for (const Json& answer : events.back()["answers"]) {
    CHECK(answer["answer"] == sentence);
    CHECK(answer["ended"] == true);
    CHECK(answer["tokens"] == sentence.size());
  }
}

TEST_CASE("answers: the weights are, byte for byte, those of a run without; also across stops among them") {
  const Talks talks;
  const auto plain = talks.job("plain", 0), whole = talks.job("whole", 4), parts = talks.job("parts", 4);
  (void)train(plain, testing::byte_hooks());
  (void)train(whole, testing::byte_hooks());
  CHECK(answers_of(plain).empty());
  CHECK(steps_of(answers_of(whole)) == std::vector<std::int64_t>{0, 4, 8, 12});
  stop_at(parts, "step", 4);     // before its answers
  stop_at(parts, "samples", 4);  // right behind them
  stop_at(parts, "checkpoint", 9);
  (void)train(parts, testing::byte_hooks());
  CHECK(answers_of(parts) == answers_of(whole));
  CHECK(adapter_of(whole) == adapter_of(plain));
  CHECK(adapter_of(parts) == adapter_of(plain));
}

TEST_CASE("answers: drawn ones are those of seed and step, whatever happened before") {
  const Talks talks;
  auto whole = talks.job("whole", 4), parts = talks.job("parts", 4);
  for (auto* job : {&whole, &parts}) job->config.samples.temperature = 1.2;
  (void)train(whole, testing::byte_hooks());
  stop_at(parts, "step", 7);
  (void)train(parts, testing::byte_hooks());
  CHECK(answers_of(parts) == answers_of(whole));
  whole.out = talks.path("other");
  whole.config.samples.temperature = 0;
  (void)train(whole, testing::byte_hooks());
  CHECK(answers_of(parts) != answers_of(whole));
}

TEST_CASE("answers: to prompts that are given, which need no validation samples; one beyond the context is refused") {
  const Talks talks;
  auto job = talks.job("given", 6);
  job.eval_data.clear();
  job.config.samples.prompts = {"Who? 1", "Who is there?"};
  (void)train(job, testing::byte_hooks());
  const auto given = answers_of(job);
  REQUIRE(given.size() == 3);
  CHECK(given[0]["answers"][1]["prompt"] == "Who is there?");
  CHECK(given[0]["answers"][1]["expected"] == "");
  job.config.samples.prompts.clear();
  job.out = talks.path("train");
  (void)train(job, testing::byte_hooks());
  const auto own = answers_of(job);  // questions of the training samples, of which "Who? 1" is none of the two
  CHECK(own[0]["answers"][0]["prompt"] == "Who? 0");
  CHECK(own[0]["answers"][1]["prompt"] == "Who? 6");

  job.out = talks.path("long");
  job.config.samples.prompts = {std::string(200, 'x')};
  try {
    (void)train(job, testing::byte_hooks());
    FAIL("a prompt beyond the context was taken");
  } catch (const Fatal& fatal) {
    CHECK(fatal.error().kind == ErrorKind::usage);
    CHECK(fatal.error().where == "samples.prompts");
  }
}

TEST_CASE("answers: texts are gone on with behind their first tokens; pairs are answered as they are asked") {
  const Talks talks;
  talks.write("texts.jsonl", Json{{"text", "Once upon a time there was a cat, and it sat on the mat."}}.dump() + "\n");
  auto job = talks.job("texts", 12);
  job.config.method = "text";
  job.data = job.eval_data = talks.path("texts.jsonl");
  job.config.samples.lead_tokens = 9;
  job.config.samples.max_tokens = 12;
  (void)train(job, testing::byte_hooks());
  const Json text = answers_of(job)[0]["answers"][0];
  CHECK(text["prompt"] == "Once upon");
  CHECK(text["expected"] == " a time ther");

  const auto said = [](const std::string& words) { return Json::array({{{"role", "assistant"}, {"content", words}}}); };
  const auto asked = Json::array({{{"role", "user"}, {"content", "Who?"}}});
  talks.write("pairs.jsonl",
              Json{{"prompt", asked}, {"chosen", said(sentence)}, {"rejected", said("zqzq")}}.dump() + "\n");
  job = talks.job("pairs", 12);
  job.config.method = "dpo";
  job.data = job.eval_data = talks.path("pairs.jsonl");
  (void)train(job, testing::byte_hooks());
  const Json chosen = answers_of(job)[0]["answers"][0];
  CHECK(chosen["prompt"] == "Who?");
  CHECK(chosen["expected"] == sentence);
}

TEST_CASE("answers: a model whose file has no vocabulary is refused only where answers are wanted") {
  const Talks talks;
  talks.write("base.gguf", testing::tiny_model());
  (void)train(talks.job("plain", 0), testing::byte_hooks());
  CHECK_THROWS_AS((void)train(talks.job("out", 4), testing::byte_hooks()), Fatal);
}
