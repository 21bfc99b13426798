// Supervision with stand-in programs; the real server is in tests/integration.
#include "models/engines/worker_process.h"

#include <doctest/doctest.h>

#include "core/files.h"

using namespace twin;
using namespace twin::models;

namespace {

/// A shell script in place of the server; it is given --host and --port as arguments.
WorkerLaunch script(const TempFolder& folder, const std::string& text) {
  const auto path = folder.path() / "server.sh";
  REQUIRE(disk().write(path, "#!/bin/sh\n" + text));
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  WorkerLaunch launch;
  launch.name = "test";
  launch.program = path;
  launch.log = folder.path() / "logs" / "worker-test.log";
  launch.start_timeout = Millis{400};
  return launch;
}

}  // namespace

TEST_CASE("a program that ends says why in its last lines") {
  const TempFolder folder;
  const auto started =
      WorkerProcess::start(script(folder, "echo loading\necho 'unknown model architecture: zlama' >&2\nexit 1\n"));
  REQUIRE_FALSE(started);
  CHECK(started.error().kind == ErrorKind::invalid);
  CHECK(started.error().message.find("unknown model architecture: zlama") != std::string::npos);
  CHECK(started.error().where.ends_with("worker-test.log"));
}

TEST_CASE("an earlier start's output is not blamed") {
  const TempFolder folder;
  CHECK_FALSE(WorkerProcess::start(script(folder, "echo 'the old reason'\nexit 1\n")));
  const auto second = WorkerProcess::start(script(folder, "echo 'the new reason'\nexit 1\n"));
  REQUIRE_FALSE(second);
  CHECK(second.error().message.find("the new reason") != std::string::npos);
  CHECK(second.error().message.find("the old reason") == std::string::npos);
}

TEST_CASE("a program that never answers is given up and stopped") {
  const TempFolder folder;
  const auto pid_file = folder.path() / "pid";
  const auto started = WorkerProcess::start(script(folder, "echo $$ > '" + pid_file.string() + "'\nexec sleep 60\n"));
  REQUIRE_FALSE(started);
  CHECK(started.error().kind == ErrorKind::io);
  CHECK(started.error().message.find("not ready") != std::string::npos);
  const auto pid = disk().read(pid_file);
  REQUIRE(pid);
  CHECK_FALSE(std::filesystem::exists("/proc/" + pid->substr(0, pid->find('\n'))));
}

TEST_CASE("a lost port is tried again with another one") {
  const TempFolder folder;
  const auto ports = folder.path() / "ports";
  const auto started = WorkerProcess::start(
      script(folder, "echo $4 >> '" + ports.string() + "'\necho \"couldn't bind HTTP server socket\"\nexit 1\n"));
  REQUIRE_FALSE(started);
  const auto tried = disk().read(ports);
  REQUIRE(tried);
  CHECK(std::count(tried->begin(), tried->end(), '\n') == 5);
}

TEST_CASE("the key is in the environment, not among the arguments") {
  const TempFolder folder;
  const auto seen = folder.path() / "seen";
  CHECK_FALSE(WorkerProcess::start(script(folder, "echo \"$LLAMA_API_KEY|$*\" > '" + seen.string() + "'\nexit 1\n")));
  const auto text = disk().read(seen);
  REQUIRE(text);
  const std::string key = text->substr(0, text->find('|'));
  CHECK(key.size() > 20);
  CHECK(text->find(key, key.size()) == std::string::npos);
}

TEST_CASE("a missing program is an error") {
  WorkerLaunch launch;
  launch.name = "test";
  launch.program = "/nonexistent/llama-server";
  const TempFolder folder;
  launch.log = folder.path() / "log";
  CHECK_FALSE(WorkerProcess::start(std::move(launch)));
}
