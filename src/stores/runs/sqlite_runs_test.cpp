#include "stores/runs/sqlite_runs.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <limits>
#include <thread>

#include "core/secrets.h"
#include "stores/runs/process_identity.h"

using namespace twin;
using namespace twin::stores;

namespace {

RunRecord a_run(const std::string& id, UnixMillis started = 1000) {
  return {id, "up", RunStatus::running, started, 0, R"({"a":1})", "linux x2", getpid()};
}

StepRecord a_step(const std::string& run, const std::string& name, StepStatus status, const std::string& key,
                  UnixMillis ended = 2000) {
  StepRecord step;
  step.run_id = run;
  step.step = name;
  step.status = status;
  step.key = key;
  step.started = 1500;
  step.ended = ended;
  return step;
}

std::vector<std::string> names(const std::vector<RunRecord>& runs) {
  std::vector<std::string> ids;
  ids.reserve(runs.size());
  for (const auto& run : runs) ids.push_back(run.id);
  return ids;
}

}  // namespace

TEST_CASE("runs: a run comes back as saved, by id and by prefix, newest first") {
  const TempFolder folder;
  const auto runs = open_runs(folder.path());
  RunRecord run = a_run("run_ab12", 5000);
  run.config = "{\"k\":\"값 \\\" \"}";
  runs->save(run);
  runs->save(a_run("run_ab34", 7000));
  runs->save(a_run("run_cd56", 6000));
  run.status = RunStatus::partial;
  run.ended = 9000;
  runs->save(run);

  const auto back = runs->run("run_ab12");
  REQUIRE(back);
  CHECK(back->pipeline == "up");
  CHECK(back->status == RunStatus::partial);
  CHECK(back->started == 5000);
  CHECK(back->ended == 9000);
  CHECK(back->config == run.config);
  CHECK(back->host == run.host);
  CHECK(back->pid == getpid());
  CHECK(runs->run("run_c")->id == "run_cd56");
  CHECK(runs->run("ab3")->id == "run_ab34");
  CHECK_FALSE(runs->run("zz"));
  CHECK_FALSE(runs->run(""));
  CHECK_FALSE(runs->run("%"));
  try {
    (void)runs->run("ab");
    FAIL("an ambiguous prefix found a run");
  } catch (const Fatal& fatal) {
    CHECK(fatal.error().kind == ErrorKind::usage);
  }
  CHECK(names(runs->runs()) == std::vector<std::string>{"run_ab34", "run_cd56", "run_ab12"});
  CHECK(runs->runs(1).size() == 1);
  CHECK(runs->runs(-1).empty());
}

TEST_CASE("runs: an id that begins another id is found exactly") {
  const TempFolder folder;
  const auto runs = open_runs(folder.path());
  runs->save(a_run("run_a"));
  runs->save(a_run("run_ab"));
  CHECK(runs->run("run_a")->id == "run_a");
  CHECK(runs->run("a")->id == "run_a");
}

TEST_CASE("runs: a step comes back with artifacts and failures, replaced by (run, step), in order") {
  const TempFolder folder;
  const auto runs = open_runs(folder.path());
  runs->save(a_run("run_1"));
  StepRecord step = a_step("run_1", "collect", StepStatus::running, "key1");
  step.key_parts = R"({"build":"b"})";
  step.reused_from = "run_0";
  step.outputs = {{"warehouse", "aa", "digest", ""}, {"adapter", "bb", "model", "twin \"한글\""}};
  step.summary = "10 documents";
  step.failures = {{ErrorKind::network, "timed out", "https://a", "try again"},
                   {ErrorKind::invalid, "no \xFF utf-8", "", ""}};
  step.attempt = 2;
  step.log = "/tmp/log";
  step.details = R"({"한":[1]})";
  runs->save(step);
  runs->save(a_step("run_1", "index", StepStatus::pending, "key2"));
  step.status = StepStatus::partial;
  runs->save(step);
  runs->save(a_run("run_1", 1234));

  const auto steps = runs->steps("run_1");
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].step == "collect");
  CHECK(steps[0].status == StepStatus::partial);
  CHECK(steps[0].key == "key1");
  CHECK(steps[0].key_parts == step.key_parts);
  CHECK(steps[0].reused_from == "run_0");
  CHECK(steps[0].details == step.details);
  REQUIRE(steps[0].outputs.size() == 2);
  CHECK(steps[0].outputs[1].name == "adapter");
  CHECK(steps[0].outputs[1].sha256 == "bb");
  CHECK(steps[0].outputs[1].kind == "model");
  CHECK(steps[0].outputs[1].detail == "twin \"한글\"");
  CHECK(steps[0].summary == step.summary);
  REQUIRE(steps[0].failures.size() == 2);
  CHECK(steps[0].failures[0].kind == ErrorKind::network);
  CHECK(steps[0].failures[0].text() == step.failures[0].text());
  CHECK(steps[0].failures[1].message == "no \xEF\xBF\xBD utf-8");
  CHECK(steps[0].attempt == 2);
  CHECK(steps[0].log == "/tmp/log");
  CHECK(steps[1].status == StepStatus::pending);
  CHECK(runs->steps("run_none").empty());
  CHECK_THROWS_AS(runs->save(a_step("run_none", "collect", StepStatus::done, "k")), Fatal);
}

TEST_CASE("runs: only a step that is done serves the cache, the newest first") {
  const TempFolder folder;
  const auto runs = open_runs(folder.path());
  for (const char* id : {"run_1", "run_2", "run_3", "run_4"}) runs->save(a_run(id));
  runs->save(a_step("run_1", "index", StepStatus::partial, "key", 100));
  CHECK_FALSE(runs->finished_step("key"));
  runs->save(a_step("run_2", "index", StepStatus::done, "key", 300));
  runs->save(a_step("run_3", "index", StepStatus::done, "key", 200));
  runs->save(a_step("run_4", "index", StepStatus::cached, "key", 400));
  CHECK(runs->finished_step("key")->run_id == "run_2");
  CHECK_FALSE(runs->finished_step("other"));
  CHECK_FALSE(runs->finished_step("ke"));
}

TEST_CASE("runs: the last finished record of a step is of this pipeline, under any key") {
  const TempFolder folder;
  const auto runs = open_runs(folder.path());
  for (const char* id : {"run_1", "run_2", "run_3", "run_4"}) runs->save(a_run(id));
  RunRecord other = a_run("run_5");
  other.pipeline = "train";
  runs->save(other);
  CHECK_FALSE(runs->last_step("up", "index"));
  runs->save(a_step("run_1", "index", StepStatus::done, "k1", 100));
  runs->save(a_step("run_2", "index", StepStatus::partial, "k2", 200));
  runs->save(a_step("run_3", "index", StepStatus::failed, "k3", 300));
  runs->save(a_step("run_4", "index", StepStatus::running, "k4", 0));
  runs->save(a_step("run_5", "index", StepStatus::done, "k5", 500));
  CHECK(runs->last_step("up", "index")->key == "k2");
  CHECK(runs->last_step("train", "index")->key == "k5");
  CHECK_FALSE(runs->last_step("up", "collect"));
}

TEST_CASE("runs: recovery marks what a dead process left running, and nothing else") {
  const TempFolder folder;
  const auto runs = open_runs(folder.path());
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    char byte = 0;
    _exit(read(ends[0], &byte, 1) == 1 ? 0 : 1);
  }
  RunRecord dying = a_run("run_child", 1000);
  dying.pid = child;
  runs->save(dying);
  runs->save(a_step("run_child", "collect", StepStatus::done, "k1", 2000));
  runs->save(a_step("run_child", "index", StepStatus::running, "k2", 0));
  runs->save(a_step("run_child", "train", StepStatus::pending, "k3", 0));
  runs->log_metrics("run_child", {{"loss", 1.0, 1, 4000}});
  runs->save(a_run("run_alive"));
  RunRecord ended = dying;
  ended.id = "run_ended";
  ended.status = RunStatus::failed;
  runs->save(ended);
  RunRecord nobody = a_run("run_nobody");
  nobody.pid = 0;
  runs->save(nobody);

  runs->recover();
  CHECK(runs->run("run_child")->status == RunStatus::running);
  CHECK(runs->run("run_nobody")->status == RunStatus::interrupted);

  kill(child, SIGKILL);
  // Killed but not reaped, it still has its pid: gone all the same.
  while (!process_identity(child).empty()) std::this_thread::sleep_for(Millis{5});
  runs->recover();
  CHECK(runs->run("run_child")->status == RunStatus::interrupted);
  CHECK(runs->run("run_child")->ended == 4000);
  const auto steps = runs->steps("run_child");
  CHECK(steps[0].status == StepStatus::done);
  CHECK(steps[1].status == StepStatus::interrupted);
  CHECK(steps[1].ended == 4000);
  CHECK(steps[2].status == StepStatus::pending);
  CHECK(runs->run("run_alive")->status == RunStatus::running);
  CHECK(runs->run("run_ended")->status == RunStatus::failed);
  waitpid(child, nullptr, 0);
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("runs: a pid that now belongs to another process does not keep a run alive") {
  const TempFolder folder;
  {
    const auto runs = open_runs(folder.path());
    runs->save(a_run("run_1"));
  }
  // As if this process had started at another time than the one that wrote the run.
  SQLite::Database((folder.path() / "runs.db").string(), SQLite::OPEN_READWRITE)
      .exec("UPDATE runs SET process = process || '1'");
  const auto runs = open_runs(folder.path());
  runs->recover();
  CHECK(runs->run("run_1")->status == RunStatus::interrupted);
}

TEST_CASE("process identity: the same for one process, none for what does not exist") {
  CHECK_FALSE(process_identity(getpid()).empty());
  CHECK(process_identity(getpid()) == process_identity(getpid()));
  CHECK(process_identity(getpid()) != process_identity(1));
  for (const std::int64_t pid : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{INT64_MAX}}) {
    CHECK(process_identity(pid).empty());
  }
}

TEST_CASE("runs: metrics in order, replaced when logged again, odd numbers kept") {
  const TempFolder folder;
  const auto runs = open_runs(folder.path());
  runs->save(a_run("run_1"));
  const double inf = std::numeric_limits<double>::infinity();
  runs->log_metrics("run_1", {{"loss", 3.5, 2, 20}, {"loss", 4.5, 1, 10}, {"lr", 1e-300, 1, 10}, {"bad", -inf, 0, 0}});
  runs->log_metrics("run_1", {{"loss", std::nan(""), 3, 30}, {"loss", 3.25, 2, 25}});
  runs->log_metrics("run_1", {});
  const auto loss = runs->metrics("run_1", "loss");
  REQUIRE(loss.size() == 3);
  CHECK(loss[0].value == 4.5);
  CHECK(loss[1].value == 3.25);
  CHECK(loss[1].time == 25);
  CHECK(std::isnan(loss[2].value));
  const auto all = runs->metrics("run_1");
  REQUIRE(all.size() == 5);
  CHECK(all[0].name == "bad");
  CHECK(all[0].value == -inf);
  CHECK(all[4].value == 1e-300);
  CHECK(runs->metrics("run_2").empty());
  CHECK_THROWS_AS(runs->log_metrics("run_2", {{"loss", 1, 1, 1}}), Fatal);
}

TEST_CASE("runs: answers by prompt, then step; logged again they are replaced") {
  const TempFolder folder;
  const auto runs = open_runs(folder.path());
  runs->save(a_run("run_1"));
  runs->log_answers("run_1", {{.step = 0, .number = 0, .prompt = "누가?", .expected = "내가.", .answer = "a"},
                              {.step = 0, .number = 1, .prompt = "Why?", .expected = "", .answer = "c"}});
  runs->log_answers("run_1", {{.step = 20, .number = 0, .prompt = "누가?", .expected = "내가.", .answer = "b"}});
  runs->log_answers(
      "run_1", {{.step = 20, .number = 0, .prompt = "누가?", .expected = "내가.", .answer = "내가.", .ended = true}});
  const auto answers = runs->answers("run_1");
  REQUIRE(answers.size() == 3);
  CHECK(answers[0].answer == "a");
  CHECK_FALSE(answers[0].ended);
  CHECK(answers[1].step == 20);
  CHECK(answers[1].answer == "내가.");
  CHECK(answers[1].expected == "내가.");
  CHECK(answers[1].ended);
  CHECK(answers[2].number == 1);
  CHECK(runs->answers("run_2").empty());
}

TEST_CASE("runs: traces by prefix and the newest roots") {
  const TempFolder folder;
  const auto runs = open_runs(folder.path());
  const std::string first(32, 'a');
  const std::string second = "ab" + std::string(30, '0');
  runs->save(Span{first, "s2", "s1", "retrieve", 1001, 2.5, "ok", R"({"k":5})"});
  runs->save(Span{first, "s1", "", "chat", 1000, 10, "ok", "{}"});
  runs->save(Span{second, "s1", "", "chat", 2000, 5, "timed out", "{}"});
  const auto spans = runs->trace("aaa");
  REQUIRE(spans.size() == 2);
  CHECK(spans[0].name == "chat");
  CHECK(spans[1].parent_id == "s1");
  CHECK(spans[1].duration_ms == 2.5);
  CHECK(spans[1].attributes == R"({"k":5})");
  CHECK(runs->trace("b").empty());
  CHECK(runs->trace("").empty());
  CHECK_THROWS_AS((void)runs->trace("a"), Fatal);
  const auto recent = runs->recent_traces();
  REQUIRE(recent.size() == 2);
  CHECK(recent[0].trace_id == second);
  CHECK(recent[0].status == "timed out");
  CHECK(runs->recent_traces(1).size() == 1);
}

TEST_CASE("runs: threads write at once") {
  const TempFolder folder;
  const auto runs = open_runs(folder.path());
  runs->save(a_run("run_1"));
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        runs->log_metrics("run_1", {{"m" + std::to_string(t), double(i), i, i}});
        runs->save(Span{"t" + std::to_string(t), std::to_string(i), "", "n", i, 1, "ok", "{}"});
        (void)runs->metrics("run_1");
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(runs->metrics("run_1").size() == 80);
  CHECK(runs->recent_traces(1000).size() == 80);
}

TEST_CASE("runs: a secret that was given out is not stored, in whatever field") {
  ::setenv("RUNS_TEST_TOKEN", "t0ken-of-runs", 1);
  const std::string token = no_secrets().get("RUNS_TEST_TOKEN").value();
  ::unsetenv("RUNS_TEST_TOKEN");
  const TempFolder folder;
  {
    const auto runs = open_runs(folder.path());
    RunRecord run = a_run("run_1");
    run.config = "{\"url\":\"https://x/?key=" + token + "\"}";
    runs->save(run);
    StepRecord step = a_step("run_1", "collect", StepStatus::partial, "key");
    step.summary = "refused " + token;
    step.key_parts = step.details = "{\"a\":\"" + token + "\"}";
    step.failures = {{ErrorKind::network, "m " + token, "w " + token, "h " + token}};
    runs->save(step);
    runs->save(
        Span{.trace_id = "t", .span_id = "s", .name = "n", .status = token, .attributes = "{\"a\":\"" + token + "\"}"});
    runs->log_answers("run_1", {{.prompt = token, .expected = token, .answer = token}});
    CHECK(runs->answers("run_1").front().answer == "***");
    CHECK(runs->steps("run_1").front().failures.front().text() == "w ***: m *** (h ***)");
    CHECK(runs->steps("run_1").front().summary == "refused ***");
    CHECK(runs->trace("t").front().status == "***");
  }
  const auto files = disk().list(folder.path()).value();
  for (const auto& file : files) {
    CHECK_MESSAGE(disk().read(file).value().find(token) == std::string::npos, file.string());
  }
}
