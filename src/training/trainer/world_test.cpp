// Several ranks, as threads of one process, on a tiny random model.
#include "training/trainer/world.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/files.h"
#include "core/process.h"
#include "training/trainer/testing/tiny_model.h"
#include "training/trainer/trainer.h"

using namespace twin;
using namespace twin::training;

namespace {

Json message(const char* role, const std::string& content) {
  return {{"role", role}, {"content", content}};
}

struct Project {
  Project() {
    write("base.gguf", testing::tiny_model());
    std::string talks, pairs, judged;
    for (int i = 0; i < 24; ++i) {
      const auto question = fmt::format("Who? {}", i);
      const std::string answer = i % 3 == 0 ? "The cat sat on the mat." : "A dog.";  // lengths differ
      talks += Json{{"messages", {message("user", question), message("assistant", answer)}}}.dump() + "\n";
      pairs += Json{{"prompt", {message("user", question)}},
                    {"chosen", {message("assistant", answer)}},
                    {"rejected", {message("assistant", "zqzq zqzq")}}}
                   .dump() +
               "\n";
      judged += Json{{"prompt", {message("user", question)}},
                     {"completion", i % 2 == 0 ? answer : "zqzq"},
                     {"label", i % 2 == 0}}
                    .dump() +
                "\n";
    }
    write("sft.jsonl", talks);
    write("dpo.jsonl", pairs);
    write("kto.jsonl", judged);
  }
  void write(const std::string& name, const std::string& bytes) const {
    REQUIRE(disk().write(folder.path() / name, bytes).has_value());
  }
  [[nodiscard]] TrainJob job(const std::string& method, const std::string& out) const {
    TrainJob job;
    job.base = folder.path() / "base.gguf";
    job.data = folder.path() / (method + ".jsonl");
    job.eval_data = job.data;
    job.out = folder.path() / out;
    job.base_name = "tiny";
    job.config.method = method;
    job.config.batch_size = 5;  // does not divide into ranks
    job.config.micro_tokens = 100;
    job.config.max_length = 120;
    job.config.max_steps = 20;
    job.config.lr = 5e-3;
    job.config.threads = 1;
    job.config.dtype = "f32";
    job.config.rank_timeout = 60;
    return job;
  }
  TempFolder folder;
};

/// The job on so many ranks; the error of each, empty where it succeeded.
std::vector<Error> run(const std::vector<TrainJob>& jobs) {
  const auto port = free_port();
  REQUIRE(port.has_value());
  std::vector<Error> errors(jobs.size());
  std::vector<std::jthread> threads;
  for (std::size_t rank = 0; rank < jobs.size(); ++rank) {
    threads.emplace_back([&, rank] {
      try {
        (void)train(jobs[rank], testing::byte_hooks(),
                    {static_cast<int>(rank), static_cast<int>(jobs.size()), "127.0.0.1", *port});
      } catch (const Fatal& fatal) {
        errors[rank] = fatal.error();
      }
    });
  }
  threads.clear();
  return errors;
}

void succeed(const TrainJob& job, int ranks) {
  for (const auto& error : run(std::vector<TrainJob>(static_cast<std::size_t>(ranks), job))) {
    INFO(error.text());
    REQUIRE(error.message.empty());
  }
}

/// Loss, or margin of rewards, of each step.
std::vector<double> curve(const TrainJob& job, const char* key) {
  std::ifstream in(job.out / "metrics.jsonl");
  std::vector<double> values;
  for (std::string line; std::getline(in, line);) {
    const auto json = Json::parse(line);
    if (json["event"] == "step") values.push_back(json[key]);
  }
  return values;
}

}  // namespace

TEST_CASE("ranks: two and three give the losses of one, with every method, and the same bytes each time") {
  const Project project;
  for (const std::string method : {"sft", "dpo", "kto"}) {
    CAPTURE(method);
    const auto one = project.job(method, method + "-1");
    succeed(one, 1);
    const auto expected = curve(one, "loss");
    REQUIRE(expected.size() == 20);
    for (const int ranks : {2, 3}) {
      CAPTURE(ranks);
      const auto several = project.job(method, fmt::format("{}-{}", method, ranks));
      succeed(several, ranks);
      const auto losses = curve(several, "loss");
      REQUIRE(losses.size() == 20);
      for (std::size_t i = 0; i < losses.size(); ++i) CHECK(std::abs(losses[i] - expected[i]) < 1e-3);
      const auto again = project.job(method, fmt::format("{}-{}-again", method, ranks));
      succeed(again, ranks);
      const bool same =
          disk().read(several.out / "adapter.gguf").value() == disk().read(again.out / "adapter.gguf").value();
      CHECK(same);
    }
  }
}

TEST_CASE("ranks: more ranks than samples in a step") {
  const Project project;
  auto one = project.job("sft", "one"), three = project.job("sft", "three");
  one.config.batch_size = three.config.batch_size = 2;
  succeed(one, 1);
  succeed(three, 3);
  const auto expected = curve(one, "loss"), losses = curve(three, "loss");
  REQUIRE(losses.size() == expected.size());
  for (std::size_t i = 0; i < losses.size(); ++i) CHECK(std::abs(losses[i] - expected[i]) < 1e-3);
}

TEST_CASE("ranks: early stopping ends all of them at the same step") {
  const Project project;
  project.write("worse.jsonl",
                Json{{"messages", {message("user", "Where?"), message("assistant", "qqqq zzzz")}}}.dump());
  auto job = project.job("sft", "out");
  job.eval_data = project.folder.path() / "worse.jsonl";
  job.config.eval_every = 2;
  job.config.early_stop = 2;
  job.config.lr = 5e-2;
  succeed(job, 2);
  CHECK(curve(job, "loss").size() < 20);
  CHECK(disk().exists(job.out / "adapter.gguf"));
}

TEST_CASE("ranks: one with another job, and one that does not start, are named") {
  const Project project;
  auto right = project.job("sft", "right"), wrong = project.job("sft", "wrong");
  wrong.config.seed = 18;
  const auto errors = run({right, wrong});
  for (const auto& error : errors) {
    CHECK(error.kind == ErrorKind::usage);
    CHECK(error.message.find("Rank 1") != std::string::npos);
  }
  right.config.rank_timeout = 2;
  try {
    (void)train(right, testing::byte_hooks(), {0, 2, "127.0.0.1", free_port().value()});
    FAIL("the rank trained alone");
  } catch (const Fatal& fatal) {
    CHECK(fatal.error().kind == ErrorKind::network);
    CHECK(fatal.error().message.find("Rank 1 of 2 did not start") != std::string::npos);
  }
}
