// A real Qdrant server for tests, fetched by `scripts/setup/setup.sh test`: on loopback alone, without telemetry.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "core/files.h"
#include "core/hash.h"
#include "core/http/http.h"
#include "core/process.h"
#include "stores/index/location.h"

namespace twin::stores {

class QdrantServer {
 public:
  QdrantServer() : port_(free_port()) { start(); }

  /// Starts it where it was before: same port, same data.
  void start() {
    ProcessSpec spec;
    spec.argv = {TWIN_TEST_QDRANT, "--disable-telemetry"};
    spec.folder = data_.path();
    spec.log = data_.path() / "log";
    spec.environment = {{"QDRANT__SERVICE__HOST", "127.0.0.1"},
                        {"QDRANT__SERVICE__HTTP_PORT", std::to_string(port_)},
                        {"QDRANT__SERVICE__GRPC_PORT", std::to_string(free_port())},
                        {"QDRANT__TELEMETRY_DISABLED", "true"},
                        {"QDRANT__LOG_LEVEL", "WARN"},
                        {"QDRANT__STORAGE__STORAGE_PATH", (data_.path() / "storage").string()},
                        {"QDRANT__STORAGE__SNAPSHOTS_PATH", (data_.path() / "snapshots").string()}};
    process_ = value_or_throw(Process::start(std::move(spec)));
    const auto http = make_http_client();
    for (int i = 0; i < 600 && !process_->poll(); ++i) {
      HttpRequest request;
      request.url = url() + "/readyz";
      if (const auto ready = http->send(request); ready && ready->status == 200) return;
      system_clock().sleep(Millis{100});
    }
    throw std::runtime_error("Qdrant does not start: " + value_or_throw(disk().read(data_.path() / "log")));
  }
  /// As by kill -9.
  void kill() {
    process_->stop(Millis{0});
    process_.reset();
  }

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  /// The name on the server of a folder, so that opening a folder again finds what was written.
  [[nodiscard]] IndexConfig config(const std::filesystem::path& folder, const IndexConfig& base = {}) const {
    IndexConfig config = base;
    config.uri = "qdrant://127.0.0.1:" + std::to_string(port_) + "/" + stable_id("twin", {folder.string()});
    config.qdrant.exact = true;
    config.qdrant.retry_seconds = 2;
    return config;
  }

  /// Whether the server is on this machine. Continuous integration has it: there its absence is an error.
  static bool available() {
    const bool there = std::filesystem::exists(TWIN_TEST_QDRANT);
    if (!there && std::getenv("CI") != nullptr) FAIL("the Qdrant server is missing: scripts/setup/setup.sh test");
    if (!there) MESSAGE("skipped: no Qdrant server on this machine (scripts/setup/setup.sh test brings it)");
    return there;
  }

 private:
  static int free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(fd);
    return ntohs(address.sin_port);
  }

  TempFolder data_;
  int port_;
  std::unique_ptr<Process> process_;
};

/// One for all tests of a program: each test has names of its own on it.
inline QdrantServer& shared_qdrant() {
  static QdrantServer one;
  return one;
}

}  // namespace twin::stores
