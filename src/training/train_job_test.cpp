#include "training/train_job.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace twin;
using namespace twin::training;

namespace {

TrainJob full_job() {
  TrainJob job;
  job.base = "모델/base.gguf";
  job.data = "train.jsonl";
  job.eval_data = "eval.jsonl";
  job.out = "out";
  job.base_name = "smollm2-135m-instruct";
  job.config.lora.r = 8;
  job.config.lora.targets = {"q_proj", "v_proj"};
  job.config.lr = 1.25e-4;
  job.config.max_steps = 7;
  job.config.threads = 3;  // not part of a cache key, but must cross the border
  job.config.checkpoint_every = 5;
  job.config.dtype = "f32";
  job.config.seed = -9'000'000'000;
  job.config.packing = false;
  job.config.samples.every = 4;
  job.config.samples.prompts = {"누가?", "Who, then?"};
  job.cache = "cache";
  job.budget = 1.0 / 9;
  return job;
}

}  // namespace

TEST_CASE("train job: every value survives JSON") {
  const auto job = full_job();
  const auto json = to_json(job);
  const auto read = train_job_from_json(Json::parse(json.dump()));
  REQUIRE(read.has_value());
  CHECK(to_json(*read) == json);
  CHECK(read->base == job.base);
  CHECK(read->config.threads == 3);
  CHECK(read->config.checkpoint_every == 5);
  CHECK(read->config.samples.prompts == job.config.samples.prompts);
  CHECK(read->config.seed == job.config.seed);
  CHECK(read->config.lora.targets == job.config.lora.targets);
}

TEST_CASE("train job: missing keys keep their defaults") {
  const auto read = train_job_from_json(Json{{"base", "b"}, {"data", "d"}, {"out", "o"}});
  REQUIRE(read.has_value());
  CHECK(read->config.lora.r == TrainConfig{}.lora.r);
  CHECK(read->eval_data.empty());
}

TEST_CASE("train job: what is wrong is named by its key") {
  struct Case {
    const char* json;
    const char* where;
  };
  for (const auto& [json, named] :
       {Case{R"({"data":"d","out":"o"})", "base"}, Case{R"({"base":"b","data":"d","out":"o","bse":1})", "bse"},
        Case{R"({"base":3})", "base"}, Case{R"({"config":{"lr":"fast"}})", "config.lr"},
        Case{R"({"config":{"lr":-1}})", "config.lr"}, Case{R"({"config":{"dtype":"int8"}})", "config.dtype"},
        Case{R"({"config":{"max_steps":1.5}})", "config.max_steps"},
        Case{R"({"config":{"max_steps":3000000000}})", "config.max_steps"},
        Case{R"({"config":{"lora":{"targets":[]}}})", "config.lora.targets"},
        Case{R"({"config":{"lora":{"targets":["lm_head"]}}})", "config.lora.targets"},
        Case{R"({"config":{"lora":7}})", "config.lora"}, Case{R"([1])", ""}}) {
    const std::string text = json, where = named;
    CAPTURE(text);
    const auto read = train_job_from_json(Json::parse(text));
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().kind == ErrorKind::usage);
    CHECK(read.error().where == where);
  }
}

TEST_CASE("train result and score job: round trip") {
  TrainResult result;
  result.steps = 12;
  result.dropped = 3;
  result.eval_loss = 2.5;
  result.peak_rss_bytes = 5'000'000'000;
  result.gguf = "out/adapter.gguf";
  const auto read = train_result_from_json(to_json(result));
  REQUIRE(read.has_value());
  CHECK(to_json(*read) == to_json(result));
  CHECK(read->peak_rss_bytes == 5'000'000'000);

  ScoreJob job;
  job.base = "b";
  job.data = "d";
  job.max_length = 256;
  const auto score = score_job_from_json(to_json(job));
  REQUIRE(score.has_value());
  CHECK(score->max_length == 256);
  CHECK_FALSE(score_job_from_json(Json{{"base", "b"}}).has_value());
}

TEST_CASE("errors cross the border whole") {
  const Error error{ErrorKind::limit, "너무 큽니다", "a:3", "줄이세요"};
  const auto read = error_from_json(to_json(error));
  CHECK(read.kind == error.kind);
  CHECK(read.text() == error.text());
}

TEST_CASE("train job: answers and settings of another optimizer do not make another run") {
  TrainConfig config;
  const auto key = config::canonical(config).dump();
  config.samples.every = 10;
  config.samples.prompts = {"Who?"};
  config.muon_momentum = 0.5;
  CHECK(config::canonical(config).dump() == key);
  config.optimizer = "muon";
  const auto muon = config::canonical(config).dump();
  config.muon_steps = 7;
  CHECK(config::canonical(config).dump() != muon);
}
