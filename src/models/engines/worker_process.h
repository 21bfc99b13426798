// Supervision of one llama-server: start, health, restart with back-off, stop. Knows nothing of the requests.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/http/http.h"
#include "core/process.h"
#include "core/result.h"

namespace twin::models {

struct WorkerLaunch {
  std::string name;  ///< for messages
  std::filesystem::path program;
  std::vector<std::string> arguments;  ///< without host and port
  std::filesystem::path log;           ///< output of every start is appended
  Millis start_timeout{120'000};
  int max_restarts = 5;  ///< within one minute
};

/// Where requests go now. Port and key are new after each start.
struct WorkerEndpoint {
  std::string url;  ///< http://127.0.0.1:PORT
  std::string key;
};

class WorkerProcess {
 public:
  /// Returns once the server is healthy, or with what its log says about the failure.
  [[nodiscard]] static Result<std::unique_ptr<WorkerProcess>> start(WorkerLaunch launch);
  ~WorkerProcess();

  /// Waits while the server restarts. An error when it was given up.
  [[nodiscard]] Result<WorkerEndpoint> endpoint();
  /// After a failed request to `url`: true when the server there is gone and another one serves, or soon will (see
  /// endpoint()). Waits a moment for the end of the process to be noticed.
  [[nodiscard]] bool replaced(const std::string& url);
  /// Asks the server now.
  [[nodiscard]] bool healthy();
  [[nodiscard]] int restarts() const;
  [[nodiscard]] pid_t pid() const;

 private:
  using SteadyClock = std::chrono::steady_clock;
  enum class Phase { starting, ready, failed };
  struct Started {
    std::unique_ptr<Process> process;
    WorkerEndpoint endpoint;
    std::uintmax_t log_offset = 0;  ///< where this start's output begins
  };

  explicit WorkerProcess(WorkerLaunch launch);
  void supervise(const std::stop_token& stop);
  Result<Started> launch(const std::stop_token& stop);
  Result<Started> launch_once(int port, const std::stop_token& stop);
  Result<void> wait_until_healthy(Started& started, const std::stop_token& stop);
  bool may_restart(SteadyClock::time_point now);
  void set_ready(const Started& started);
  void set_failed(Error error);
  void pause(Millis duration, const std::stop_token& stop);
  bool answers(const std::string& url, const std::string& key, const std::stop_token& stop);
  [[nodiscard]] std::string log_since(std::uintmax_t offset) const;

  const WorkerLaunch launch_;
  std::unique_ptr<HttpClient> http_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  Phase phase_ = Phase::starting;
  WorkerEndpoint endpoint_;
  Error error_;
  pid_t pid_ = 0;
  int restarts_ = 0;
  std::deque<SteadyClock::time_point> crashes_;  ///< supervisor only
  std::jthread supervisor_;                      ///< last: ends before what it uses
};

}  // namespace twin::models
