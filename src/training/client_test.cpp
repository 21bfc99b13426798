#include "training/client.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/files.h"

using namespace twin;
using namespace twin::training;

namespace {

/// A shell script in the place of twin-train. It gets the job in $job.
class FakeTrainer {
 public:
  explicit FakeTrainer(const std::string& body) {
    const auto program = folder_.path() / "twin-train";
    REQUIRE(disk().write(program, "#!/bin/sh\njob=$(cat)\n" + body + "\n").has_value());
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    ::setenv("TWIN_TRAIN", program.c_str(), 1);
  }
  ~FakeTrainer() { ::unsetenv("TWIN_TRAIN"); }
  [[nodiscard]] std::filesystem::path file(const char* name) const { return folder_.path() / name; }

 private:
  TempFolder folder_;
};

TrainJob some_job() {
  TrainJob job;
  job.base = "base.gguf";
  job.data = "자료.jsonl";
  job.out = "out";
  return job;
}

/// What every bar came to: "tokenize 3/3".
struct Bars final : ProgressSink {
  std::vector<std::string> ended;

  struct Bar final : Progress {
    Bar(std::vector<std::string>& list, std::string_view name) : ended(list), task(name) {}
    ~Bar() override { ended.push_back(task + " " + std::to_string(done) + "/" + std::to_string(all)); }
    void total(std::uint64_t total) override { all = total; }
    void add(std::uint64_t more) override { done += more; }
    void note(std::string_view) override {}
    std::vector<std::string>& ended;
    std::string task;
    std::uint64_t done = 0, all = 0;
  };
  std::unique_ptr<Progress> start(std::string_view task, std::string_view) override {
    return std::make_unique<Bar>(ended, task);
  }
};

}  // namespace

TEST_CASE("training: each file that is tokenized has a bar of its own, and so has loading the model") {
  const FakeTrainer fake(R"(for done in 50 90; do echo "{\"event\":\"tokenized\",\"done\":$done,\"total\":90}" >&2; done
echo '{"event":"tokenized","done":7,"total":7}' >&2
echo '{"event":"phase","phase":"load"}' >&2
echo '{"event":"phase","phase":"evaluate","steps":1}' >&2
echo '{"event":"step","step":1,"steps":1,"loss":3.5}' >&2
echo '{"steps":1,"tokens":10}')");
  Bars bars;
  CHECK(run_training(some_job(), bars, {}, {}).has_value());
  CHECK(bars.ended == std::vector<std::string>{"tokenize 90/90", "tokenize 7/7", "load 1/1", "train 1/1"});
}

TEST_CASE("training: the child gets the job, its steps are forwarded, its result is returned") {
  const FakeTrainer fake(R"(printf '%s' "$job" > "$(dirname "$0")/job.json"
echo '{"event":"step","step":1,"steps":2,"loss":3.5,"lr":0.001,"grad_norm":1.5,"tokens_per_s":400}' >&2
echo 'free text is not an event' >&2
echo '{"event":"eval","step":2,"steps":2,"eval_loss":2.25}' >&2
echo '{"steps":2,"tokens":10,"eval_loss":2.25,"peft":"out/adapter"}')");
  std::vector<TrainEvent> events;
  const auto result =
      run_training(some_job(), silent_progress(), [&](const TrainEvent& event) { events.push_back(event); }, {});
  REQUIRE(result.has_value());
  CHECK(result->steps == 2);
  CHECK(result->eval_loss == 2.25);
  CHECK(result->peft == "out/adapter");
  REQUIRE(events.size() == 2);
  CHECK(events[0].loss == 3.5);
  CHECK(events[0].tokens_per_s == 400);
  CHECK_FALSE(events[0].evaluation);
  CHECK(events[1].evaluation);
  CHECK(events[1].eval_loss == 2.25);
  const auto sent = Json::parse(disk().read(fake.file("job.json")).value());
  CHECK(sent["data"] == "자료.jsonl");
  CHECK(sent["config"]["lora"]["r"] == 16);
}

TEST_CASE("training: answers of the child are forwarded as an event of their own") {
  const FakeTrainer fake(
      R"(echo '{"event":"samples","step":4,"steps":9,"answers":[{"prompt":"뭐?","expected":"그것.","answer":"저것","tokens":2,"ended":true},{"prompt":"b","expected":"","answer":"c","tokens":1,"ended":false}]}' >&2
echo '{"event":"samples","step":5,"answers":"none"}' >&2
echo '{"steps":9,"tokens":10}')");
  std::vector<TrainEvent> events;
  CHECK(run_training(some_job(), silent_progress(), [&](const TrainEvent& event) { events.push_back(event); }, {})
            .has_value());
  REQUIRE(events.size() == 1);
  CHECK(events[0].step == 4);
  CHECK_FALSE(events[0].evaluation);
  REQUIRE(events[0].answers.size() == 2);
  CHECK(events[0].answers[0].prompt == "뭐?");
  CHECK(events[0].answers[0].expected == "그것.");
  CHECK(events[0].answers[0].answer == "저것");
  CHECK(events[0].answers[0].ended);
  CHECK_FALSE(events[0].answers[1].ended);
}

TEST_CASE("training: the child's error becomes the error") {
  const FakeTrainer fake(
      R"(echo '{"error":{"kind":"invalid","message":"Training diverged","where":"line 7","hint":"lower lr"}}'; exit 1)");
  const auto result = run_training(some_job(), silent_progress(), {}, {});
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().kind == ErrorKind::invalid);
  CHECK(result.error().message == "Training diverged");
  CHECK(result.error().where == "line 7");
  CHECK(result.error().hint == "lower lr");
}

TEST_CASE("training: a child that dies without a word is reported with its status and last lines") {
  const FakeTrainer fake("echo 'terminate called' >&2; kill -9 $$");
  const auto result = run_training(some_job(), silent_progress(), {}, {});
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().kind == ErrorKind::io);
  CHECK(result.error().message.find("137") != std::string::npos);
  CHECK(result.error().where.find("terminate called") != std::string::npos);
}

TEST_CASE("training: stopping reaches the child") {
  const FakeTrainer fake(
      R"(trap 'echo "{\"error\":{\"kind\":\"cancelled\",\"message\":\"Stopped after step 3\"}}"; exit 1' TERM
while true; do sleep 0.05; done)");
  std::stop_source source;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    source.request_stop();
  });
  const auto result = run_training(some_job(), silent_progress(), {}, source.get_token());
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().kind == ErrorKind::cancelled);
  CHECK(result.error().message == "Stopped after step 3");
}

TEST_CASE("scoring: one item per line, in order; a malformed line is an error") {
  {
    const FakeTrainer fake(R"(echo '{"tokens":3,"nll":6.5}'; echo '{"tokens":0,"nll":0}')");
    const auto items = run_scoring({}, silent_progress(), {});
    REQUIRE(items.has_value());
    REQUIRE(items->size() == 2);
    CHECK((*items)[0].tokens == 3);
    CHECK((*items)[0].nll == 6.5);
    CHECK((*items)[1].tokens == 0);
  }
  const FakeTrainer fake("echo '{\"tokens\":3}'");
  CHECK_FALSE(run_scoring({}, silent_progress(), {}).has_value());
}
