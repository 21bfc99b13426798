#include "ops/pipeline/engine.h"

#include <doctest/doctest.h>

#include <atomic>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "ops/pipeline/why.h"

using namespace twin;
using namespace twin::ops;
using stores::RunStatus;
using stores::StepStatus;

namespace {

/// What the fake steps below do, and how often they did it.
struct Fakes {
  std::mutex mutex;
  std::map<std::string, int> runs;
  std::atomic<int> failures_left{0};
  std::atomic<bool> partial{false};
  std::atomic<bool> outputs_present{true};
  int setting = 1;
};
Fakes& fakes() {
  static Fakes instance;
  return instance;
}

void reset_fakes() {
  fakes().runs.clear();
  fakes().failures_left = 0;
  fakes().partial = false;
  fakes().outputs_present = true;
  fakes().setting = 1;
}

void count(const std::string& name) {
  const std::lock_guard lock(fakes().mutex);
  ++fakes().runs[name];
}

bool present(Project&, const std::vector<stores::Artifact>&) {
  return fakes().outputs_present;
}

StepOutcome make(StepContext&) {
  count("make");
  if (fakes().failures_left > 0) {
    --fakes().failures_left;
    throw Fatal(ErrorKind::network, "no answer");
  }
  StepOutcome outcome{{{"made", std::to_string(fakes().setting), "digest", {}}}, "made", {}};
  if (fakes().partial) outcome.failures.push_back({ErrorKind::invalid, "bad item", "item 7", {}});
  return outcome;
}
Json make_key(StepContext&) {
  return Json{{"setting", fakes().setting}};
}

StepOutcome use(StepContext& context) {
  count("use");
  return {{{"used", context.inputs.at("made").sha256 + "!", "digest", {}}}, "used", {}};
}

StepOutcome other(StepContext&) {
  count("other");
  return {{{"other", "1", "digest", {}}}, "", {}};
}

TWIN_STEP(test_make, "test.make",
          {.description = "fake", .version = 1, .key_config = make_key, .present = present, .run = make})
TWIN_STEP(test_use, "test.use", {.description = "fake", .version = 1, .key_config = {}, .present = present, .run = use})
TWIN_STEP(test_other, "test.other",
          {.description = "fake", .version = 1, .key_config = {}, .present = present, .run = other})

struct Fixture {
  TempFolder folder;
  std::unique_ptr<Project> project;
  Pipeline pipeline;

  Fixture() {
    reset_fakes();
    std::ofstream(folder.path() / "twin.yaml") << "name: test\n";
    project = Project::open(folder.path(), {});
    const auto file = folder.path() / "test.yaml";
    std::ofstream(file) << "steps:\n"
                           "  - {id: make, run: test.make, retries: 1}\n"
                           "  - {id: use, run: test.use, needs: [make]}\n"
                           "  - {id: other, run: test.other}\n";
    pipeline = value_or_throw(load_pipeline(file));
  }

  RunOutcome run(EngineOptions options = {}) { return run_pipeline(*project, pipeline, silent_progress(), options); }
};

StepStatus status(const RunOutcome& outcome, const std::string& step) {
  for (const auto& record : outcome.steps) {
    if (record.step == step) return record.status;
  }
  throw std::runtime_error("no step " + step);
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "engine: a second run takes every step from the cache") {
  const RunOutcome first = run();
  CHECK(first.run.status == RunStatus::done);
  CHECK(first.exit_code() == exit_code::done);
  const RunOutcome second = run();
  CHECK(second.run.status == RunStatus::done);
  for (const auto& step : second.steps) {
    CHECK(step.status == StepStatus::cached);
    CHECK(step.reused_from == first.run.id);
  }
  CHECK(fakes().runs["make"] == 1);
  CHECK(fakes().runs["use"] == 1);
}

TEST_CASE_FIXTURE(Fixture, "engine: a changed setting runs its step and those below, and why says so") {
  static_cast<void>(run());
  fakes().setting = 2;
  const RunOutcome second = run();
  CHECK(status(second, "make") == StepStatus::done);
  CHECK(status(second, "use") == StepStatus::done);
  CHECK(status(second, "other") == StepStatus::cached);
  const Why why = explain(project->runs(), second.run, "make");
  REQUIRE(why.changes.size() == 1);
  CHECK(why.changes[0] == "config.setting: 1 -> 2");
  CHECK(explain(project->runs(), second.run, "other").changes.empty());
  CHECK_THROWS_AS(static_cast<void>(explain(project->runs(), second.run, "nothing")), Fatal);
}

TEST_CASE_FIXTURE(Fixture, "engine: outputs that are gone are made again") {
  static_cast<void>(run());
  fakes().outputs_present = false;
  CHECK(status(run(), "make") == StepStatus::done);
  CHECK(fakes().runs["make"] == 2);
}

TEST_CASE_FIXTURE(Fixture, "engine: a failed item makes the run partial, the rest goes on, and it is tried again") {
  fakes().partial = true;
  const RunOutcome first = run();
  CHECK(first.exit_code() == exit_code::partial);
  CHECK(status(first, "make") == StepStatus::partial);
  CHECK(status(first, "use") == StepStatus::done);
  fakes().partial = false;
  const RunOutcome second = run();
  CHECK(second.exit_code() == exit_code::done);
  CHECK(status(second, "make") == StepStatus::done);
  CHECK(status(second, "use") == StepStatus::cached);
}

TEST_CASE_FIXTURE(Fixture, "engine: a network failure is retried as often as the pipeline says") {
  fakes().failures_left = 1;
  const RunOutcome outcome = run();
  CHECK(outcome.exit_code() == exit_code::done);
  CHECK(fakes().runs["make"] == 2);
}

TEST_CASE_FIXTURE(Fixture, "engine: a failed step skips those that need it, the others go on") {
  fakes().failures_left = 100;
  const RunOutcome outcome = run();
  CHECK(outcome.exit_code() == exit_code::failed);
  CHECK(status(outcome, "make") == StepStatus::failed);
  CHECK(status(outcome, "use") == StepStatus::skipped);
  CHECK(status(outcome, "other") == StepStatus::done);
}

TEST_CASE_FIXTURE(Fixture, "engine: a stop request before the start runs nothing and says cancelled") {
  std::stop_source source;
  source.request_stop();
  EngineOptions options;
  options.stop = source.get_token();
  const RunOutcome outcome = run(options);
  CHECK(outcome.run.status == RunStatus::cancelled);
  CHECK(outcome.exit_code() == exit_code::failed);
  CHECK(fakes().runs.empty());
}

TEST_CASE_FIXTURE(Fixture, "engine: --force runs the targets only") {
  static_cast<void>(run());
  EngineOptions options;
  options.force = true;
  options.targets = {"use"};
  const RunOutcome second = run(options);
  CHECK(status(second, "make") == StepStatus::cached);
  CHECK(status(second, "use") == StepStatus::done);
}
