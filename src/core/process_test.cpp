#include "core/process.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <thread>

#include "core/files.h"

using namespace twin;

namespace {

ProcessSpec shell(const std::string& script) {
  ProcessSpec spec;
  spec.argv = {"sh", "-c", script};
  return spec;
}

bool alive(pid_t pid) {
  return ::kill(pid, 0) == 0;
}

/// Waits for a condition that another process brings about; false after ten seconds.
bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(Millis{10});
  }
  return false;
}

}  // namespace

TEST_CASE("a program runs to its end and gives both streams and its status") {
  const auto result = run_process({"sh", "-c", "echo 안녕; echo wrong >&2; exit 3"});
  REQUIRE(result);
  CHECK(result->status == 3);
  CHECK(result->out == "안녕\n");
  CHECK(result->err == "wrong\n");
}

TEST_CASE("arguments, folder, environment and stdin arrive as given") {
  const TempFolder folder;
  std::string seen;
  ProcessSpec spec;
  spec.argv = {"sh", "-c", R"(pwd; echo "$1"; echo "$TWIN_X"; cat)", "sh", "two  words; $HOME"};
  spec.folder = folder.path();
  spec.environment = {{"TWIN_X", "값=1"}};
  spec.stdin_text = "line 1\nline 2";
  spec.on_stdout = [&](std::string_view line) { seen += std::string(line) + "|"; };
  auto process = Process::start(spec);
  REQUIRE(process);
  CHECK((*process)->wait() == 0);
  CHECK(seen == folder.path().string() + "|two  words; $HOME|값=1|line 1|line 2|");
}

TEST_CASE("without stdin_text the child reads nothing and does not hang") {
  CHECK(run_process({"cat"}).value().out.empty());
}

TEST_CASE("a large input needs no reader to be quick") {
  ProcessSpec spec;
  std::string count;
  spec.argv = {"wc", "-c"};
  spec.stdin_text = std::string(3'000'000, 'x');
  spec.on_stdout = [&](std::string_view line) { count = line; };
  CHECK(Process::start(spec).value()->wait() == 0);
  CHECK(count == "3000000");
}

TEST_CASE("what cannot be started says why") {
  const auto missing = run_process({"no-such-program-of-twin"});
  REQUIRE(!missing);
  CHECK(missing.error().kind == ErrorKind::not_found);
  CHECK(missing.error().where == "no-such-program-of-twin");
  const TempFolder folder;
  REQUIRE(disk().write(folder.path() / "broken",
                       "\x7f"
                       "ELF garbage"));
  std::filesystem::permissions(folder.path() / "broken", std::filesystem::perms::owner_all);
  CHECK(run_process({(folder.path() / "broken").string()}).error().kind == ErrorKind::io);
  CHECK(run_process({"true"}, folder.path() / "nowhere").error().kind == ErrorKind::io);
}

TEST_CASE("a line longer than the limit is cut with a note; the next lines are whole") {
  auto spec = shell("head -c 50000000 /dev/zero | tr '\\0' x; echo; echo next; printf last");
  spec.max_line_bytes = 1000;
  std::vector<std::string> lines;
  spec.on_stdout = [&](std::string_view line) { lines.emplace_back(line); };
  CHECK(Process::start(spec).value()->wait() == 0);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].starts_with(std::string(1000, 'x') + " …"));
  CHECK(lines[0].find("49999000 bytes more") != std::string::npos);
  CHECK(lines[0].size() < 1100);
  CHECK(lines[1] == "next");
  CHECK(lines[2] == "last");
}

TEST_CASE("collected output is cut at its limit") {
  const auto result = run_process({"sh", "-c", "head -c 100000 /dev/zero | tr '\\0' y"}, {}, 1000);
  REQUIRE(result);
  CHECK(result->out.starts_with(std::string(1000, 'y')));
  CHECK(result->out.find("cut at 1000 bytes") != std::string::npos);
  CHECK(result->out.size() < 1100);
}

TEST_CASE("a log collects both streams, appended") {
  const TempFolder folder;
  for (int i = 0; i < 2; ++i) {
    auto spec = shell("echo out; echo err >&2");
    spec.log = folder.path() / "logs" / "worker.log";
    CHECK(Process::start(spec).value()->wait() == 0);
  }
  CHECK(disk().read(folder.path() / "logs" / "worker.log").value() == "out\nerr\nout\nerr\n");
}

TEST_CASE("stopping asks first, then kills, the whole group") {
  const TempFolder folder;
  auto polite = Process::start(shell("trap 'exit 7' TERM; while :; do sleep 0.05; done")).value();
  CHECK(!polite->poll().has_value());
  std::this_thread::sleep_for(Millis{200});
  CHECK(polite->stop(Millis{5000}) == 7);
  CHECK(polite->poll() == 7);
  CHECK(polite->stop() == 7);

  auto spec = shell("trap '' TERM; sleep 1000 & echo $!; while :; do sleep 0.05; done");
  std::mutex mutex;
  std::string helper;
  spec.on_stdout = [&](std::string_view line) {
    const std::scoped_lock lock(mutex);
    helper = line;
  };
  auto stubborn = Process::start(spec).value();
  REQUIRE(eventually([&] {
    const std::scoped_lock lock(mutex);
    return !helper.empty();
  }));
  CHECK(stubborn->stop(Millis{100}) == 128 + SIGKILL);
  CHECK(eventually([&] {
    return !alive(std::stoi(helper)) || run_process({"ps", "-o", "stat=", "-p", helper})->out.starts_with("Z");
  }));
}

TEST_CASE("a stop request ends the wait") {
  std::stop_source source;
  auto process = Process::start(shell("sleep 1000")).value();
  std::jthread later([&] {
    std::this_thread::sleep_for(Millis{100});
    source.request_stop();
  });
  CHECK(process->wait(source.get_token()) == 128 + SIGTERM);
}

TEST_CASE("a grandchild that keeps the pipe open does not keep wait() open") {
  auto spec = shell("sleep 1000 & echo started");
  std::string seen;
  spec.on_stdout = [&](std::string_view line) { seen = line; };
  const double start = system_clock().monotonic();
  auto process = Process::start(spec).value();
  CHECK(process->wait() == 0);
  CHECK(seen == "started");
  CHECK(system_clock().monotonic() - start < 30);
}

TEST_CASE("a callback that throws loses its own output only") {
  auto spec = shell("echo one; echo two");
  spec.on_stdout = [](std::string_view) { throw std::runtime_error("broken consumer"); };
  CHECK(Process::start(spec).value()->wait() == 0);
}

TEST_CASE("a child started by a short-lived thread outlives that thread") {
  std::unique_ptr<Process> process;
  std::thread([&] { process = Process::start(shell("sleep 1000")).value(); }).join();
  std::this_thread::sleep_for(Millis{300});
  CHECK(!process->poll().has_value());
  CHECK(process->stop() == 128 + SIGTERM);
}

TEST_CASE("the child dies with its parent, even by kill -9") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  // exec, not only fork: the thread that starts children does not live on in a forked copy of this test.
  const pid_t parent = ::fork();
  if (parent == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    const std::string program = (program_folder() / "twin_core_test").string();
    ::setenv("TWIN_TEST_PARENT", "1", 1);
    ::execl(program.c_str(), program.c_str(), "--test-case=helper: a parent that waits", "--no-skip", nullptr);
    ::_exit(127);
  }
  char digits[32] = {};
  REQUIRE(::read(ends[0], digits, sizeof digits - 1) > 0);
  const pid_t child = std::atoi(digits);
  REQUIRE(child > 0);
  CHECK(alive(child));
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  CHECK(eventually([&] {
    std::ifstream stat("/proc/" + std::to_string(child) + "/stat");
    std::string id, name, state;
    return !(stat >> id >> name >> state) || state == "Z";
  }));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("helper: a parent that waits" * doctest::skip()) {
  if (std::getenv("TWIN_TEST_PARENT") == nullptr) return;
  auto process = Process::start(shell("sleep 1000")).value();
  const std::string pid = std::to_string(process->pid()) + "\n";
  REQUIRE(::write(STDOUT_FILENO, pid.data(), pid.size()) > 0);
  process->wait();
}

TEST_CASE("many processes at once") {
  std::vector<std::thread> threads;
  threads.reserve(8);
  std::atomic<int> good{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i) {
        const auto result = run_process({"echo", std::to_string(t * 10 + i)});
        if (result && result->out == std::to_string(t * 10 + i) + "\n") ++good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == 40);
}

TEST_CASE("Twin's own programs and data are found, what is missing is named") {
  CHECK(find_program("twin_core_test").value() == program_folder() / "twin_core_test");
  CHECK(find_program("sh").has_value());
  const auto missing = find_program("no-such-program-of-twin");
  REQUIRE(!missing);
  CHECK(missing.error().message.find("no-such-program-of-twin") != std::string::npos);

  const TempFolder share;
  REQUIRE(disk().write(share.path() / "categories" / "x.yaml", ""));
  ::setenv("TWIN_SHARE", share.path().c_str(), 1);
  CHECK(find_data("categories").value() == share.path() / "categories");
  ::unsetenv("TWIN_SHARE");
  CHECK(find_data("src/core").value() == std::filesystem::path(TWIN_SOURCE_DIR) / "src/core");
  CHECK(find_data("no-such-folder").error().kind == ErrorKind::not_found);
}

TEST_CASE("a free port is a port") {
  const int port = free_port().value();
  CHECK(port > 1023);
  CHECK(port < 65536);
}

TEST_CASE("a limited run gives what a free one gives") {
  auto spec = shell("cat; echo wrong >&2; exit 3");
  spec.stdin_text = std::string("글\0x", 5);
  const auto result = run_limited(spec, {.time = Millis{20'000}, .memory_bytes = 1ull << 30, .cpu_seconds = 10});
  REQUIRE(result);
  CHECK(result->status == 3);
  CHECK(result->out == std::string("글\0x", 5));
  CHECK(result->err == "wrong\n");
  CHECK(run_limited(shell("exit 0"), {}).value().status == 0);
}

TEST_CASE("a program that does not end is killed with its helpers") {
  const TempFolder folder;
  auto spec = shell("trap '' TERM; sleep 1000 & echo $! > helper; sleep 1000");
  spec.folder = folder.path();
  const auto result = run_limited(spec, {.time = Millis{500}});
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::limit);
  CHECK(result.error().message.find("0.5") != std::string::npos);
  const int helper = std::stoi(disk().read(folder.path() / "helper").value());
  CHECK(eventually([&] {
    return !alive(helper) || run_process({"ps", "-o", "stat=", "-p", std::to_string(helper)})->out.starts_with("Z");
  }));
}

TEST_CASE("helpers that a program leaves behind end with it") {
  const auto result = run_limited(shell("sleep 1000 >/dev/null 2>&1 & echo $!"), {.time = Millis{20'000}});
  REQUIRE(result);
  const int helper = std::stoi(result->out);
  CHECK(eventually([&] {
    return !alive(helper) || run_process({"ps", "-o", "stat=", "-p", std::to_string(helper)})->out.starts_with("Z");
  }));
}

TEST_CASE("processor time, memory, output and files have limits of their own") {
  const auto busy = run_limited(shell("while :; do :; done"), {.time = Millis{60'000}, .cpu_seconds = 1});
  REQUIRE_FALSE(busy);
  CHECK(busy.error().kind == ErrorKind::limit);
  CHECK(busy.error().message.find("processor time") != std::string::npos);

  // The shell itself runs in 64 MiB; a program that wants 400 MiB at once does not.
  const std::string hungry = "dd if=/dev/zero of=/dev/null bs=400M count=1 2>&1 && echo done";
  CHECK(run_limited(shell(hungry), {.memory_bytes = 2ull << 30}).value().out.find("done") != std::string::npos);
  const auto denied = run_limited(shell(hungry), {.memory_bytes = 64ull << 20});
  REQUIRE(denied);
  CHECK(denied->status != 0);

  const auto flood = run_limited(shell("cat /dev/zero"), {.time = Millis{60'000}, .output_bytes = 100'000});
  REQUIRE_FALSE(flood);
  CHECK(flood.error().kind == ErrorKind::limit);
  CHECK(flood.error().message.find("100000") != std::string::npos);

  const TempFolder folder;
  auto writer = shell("head -c 1000000 /dev/zero > large; test $(stat -c %s large) -lt 1000000 && echo cut");
  writer.folder = folder.path();
  CHECK(run_limited(writer, {.file_bytes = 10'000}).value().out == "cut\n");
}

TEST_CASE("a limited run inherits nothing and can be called off") {
  const OwnedFd held(::open("/dev/null", O_RDONLY));  // without close-on-exec
  const auto listed = run_limited(shell("for f in /proc/self/fd/*; do test ${f##*/} -gt 9 || echo ${f##*/}; done"), {});
  REQUIRE(listed);
  for (const char* expected : {"0\n", "1\n", "2\n"}) CHECK(listed->out.find(expected) != std::string::npos);
  CHECK(run_limited(shell("test -e /proc/self/fd/" + std::to_string(held.get()) + " && echo open || echo closed"), {})
            .value()
            .out == "closed\n");

  std::stop_source source;
  std::jthread later([&] {
    std::this_thread::sleep_for(Millis{100});
    source.request_stop();
  });
  const auto stopped = run_limited(shell("sleep 1000"), {}, source.get_token());
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().kind == ErrorKind::cancelled);
}
