#include "core/log.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "core/files.h"
#include "core/i18n.h"
#include "core/progress.h"
#include "core/text/unicode.h"

using namespace twin;

namespace {

/// What is written to stderr while it lives.
class CapturedStderr {
 public:
  CapturedStderr() : saved_(::dup(STDERR_FILENO)) {
    const int fd = ::open((folder_.path() / "err").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(fd, STDERR_FILENO);
    ::close(fd);
  }
  ~CapturedStderr() { restore(); }
  std::string text() {
    restore();
    return disk().read(folder_.path() / "err").value();
  }

 private:
  void restore() {
    if (saved_ < 0) return;
    ::dup2(saved_, STDERR_FILENO);
    ::close(saved_);
    saved_ = -1;
  }
  TempFolder folder_;
  int saved_;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("log lines go to stderr by level and to the file always, one line each") {
  const TempFolder folder;
  CapturedStderr captured;
  log::set_file(folder.path() / "logs" / "run.log");
  log::info("quiet {}", 1);
  log::warn("loud {}\nforged line\x1b[2J", "경고");
  log::set_level(log::Level::info);
  log::info("heard");
  log::set_level(log::Level::warn);
  log::set_file({});
  log::info("nowhere");
  CHECK(captured.text() == "twin: warning: loud 경고\\nforged line [2J\ntwin: info: heard\n");
  const auto written = lines_of(disk().read(folder.path() / "logs" / "run.log").value());
  REQUIRE(written.size() == 3);
  CHECK(written[0].ends_with(" info quiet 1"));
  CHECK(written[0].starts_with("20"));
  CHECK(written[1].find(" warning loud") != std::string::npos);
}

TEST_CASE("lines of many threads do not mix") {
  CapturedStderr captured;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 50; ++i) log::error("{}{}", t, std::string(200, static_cast<char>('a' + t)));
    });
  }
  for (auto& thread : threads) thread.join();
  const auto lines = lines_of(captured.text());
  CHECK(lines.size() == 200);
  for (const std::string& line : lines) CHECK(line.size() == std::string("twin: error: ").size() + 201);
}

TEST_CASE("without a terminal progress is plain lines: few, and one at the end with the time") {
  CapturedStderr captured;
  {
    const auto sink = make_progress(ProgressStyle::automatic);
    const auto task = sink->start("clean", "documents");
    task->total(1000);
    for (int i = 0; i < 1000; ++i) task->add();
    task->note("last.md");
  }
  const auto lines = lines_of(captured.text());
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].starts_with("clean: 1000/1000 documents in 0."));
  CHECK(lines[0].ends_with("last.md"));
}

TEST_CASE("JSON progress is one object per line") {
  CapturedStderr captured;
  {
    const auto task = make_progress(ProgressStyle::json)->start("색인", "chunks");
    task->add(3);
    task->note("bad \xff byte");
  }
  const auto lines = lines_of(captured.text());
  REQUIRE(lines.size() >= 2);
  const auto last = nlohmann::json::parse(lines.back());
  CHECK(last["event"] == "done");
  CHECK(last["task"] == "색인");
  CHECK(last["done"] == 3);
  CHECK(last["total"] == 0);
}

TEST_CASE("log lines step around a bar, and the bar leaves one line") {
  CapturedStderr captured;
  {
    const auto task = make_progress(ProgressStyle::bar)->start("train", "steps");
    task->total(4);
    task->add(1);
    log::warn("careful");
    task->add(3);
  }
  const std::string text = captured.text();
  // The bar's row is erased before the log line and drawn again after it.
  const std::size_t line = text.find("\x1b[1A\x1b[2Ktwin: warning: careful\n");
  REQUIRE(line != std::string::npos);
  CHECK(text.find("train", line) != std::string::npos);
  CHECK(lines_of(text).back().starts_with("\x1b[1A\x1b[2Ktrain: 4/4 steps in "));
}

TEST_CASE("silent progress says nothing") {
  CapturedStderr captured;
  {
    const auto task = silent_progress().start("x", "y");
    task->total(1);
    task->add();
    task->note("z");
  }
  CHECK(captured.text().empty());
}

TEST_CASE("messages are translated, with their placeholders filled in") {
  CHECK(tr("cannot write: {}", "x") == "cannot write: x");
  set_language("ko");
  CHECK(language() == "ko");
  CHECK(tr("larger than the limit of {} bytes", 5).find('5') != std::string::npos);
  CHECK(text::guess_language(tr("stopped")) == "ko");
  CHECK(translated("a message that nobody wrote") == "a message that nobody wrote");
  set_language("en");
  CHECK(tr("stopped") == "stopped");
}
