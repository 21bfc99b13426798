// A real server of MongoDB's protocol for tests: mongo-java-server, fetched by `scripts/setup/setup.sh test`.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "core/hash.h"
#include "core/process.h"
#include "stores/warehouse/location.h"

namespace twin::stores {

class MongoServer {
 public:
  /// Starts one on a free port; a port of before starts another there (it remembers nothing). Throws when it does not
  /// come up.
  explicit MongoServer(int port = 0) {
    ProcessSpec spec;
    // The process object gives no standard input: the shell holds one open that ends with this process.
    spec.argv = {"sh", "-c",
                 "tail --pid=" + std::to_string(::getpid()) +
                     " -f /dev/null | exec java -Xshare:auto "
                     "-XX:TieredStopAtLevel=1 -cp '" TWIN_TEST_JARS "/*' '" +
                     std::string(TWIN_SOURCE_DIR) + "/tests/mongo/MongoTestServer.java' " + std::to_string(port)};
    spec.on_stdout = [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      if (line.starts_with("port ")) port_ = std::stoi(std::string(line.substr(5)));
      changed_.notify_all();
    };
    spec.on_stderr = [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      said_ += std::string(line) + "\n";
    };
    process_ = value_or_throw(Process::start(std::move(spec)));
    std::unique_lock lock(mutex_);
    for (int i = 0; port_ == 0 && i < 600 && !process_->poll(); ++i) changed_.wait_for(lock, Millis{100});
    if (port_ == 0) throw std::runtime_error("mongo-java-server does not start: " + said_);
  }

  [[nodiscard]] int port() const { return port_; }
  void stop() { process_.reset(); }

  /// The database of a folder, so that opening a folder again finds what was written.
  [[nodiscard]] WarehouseConfig config(const std::filesystem::path& folder) const {
    WarehouseConfig config;
    config.uri = "mongodb://127.0.0.1:" + std::to_string(port_);
    config.database = stable_id("twin", {folder.string()});
    config.selection_seconds = 2;
    config.retry_seconds = 2;
    return config;
  }

  /// Whether the jars and Java are on this machine. Continuous integration has them: there it is an error.
  static bool available() {
    const bool there = std::filesystem::is_directory(TWIN_TEST_JARS) && std::system("java -version 2> /dev/null") == 0;
    if (!there && std::getenv("CI") != nullptr) FAIL("mongo-java-server is missing: scripts/setup/setup.sh test");
    if (!there) MESSAGE("skipped: no mongo-java-server on this machine (scripts/setup/setup.sh test brings it)");
    return there;
  }

 private:
  int port_ = 0;
  std::string said_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<Process> process_;
};

}  // namespace twin::stores
