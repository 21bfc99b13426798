// twin-encode as a child process: vectors of token ids, several times as fast as a llama-server makes them.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/process.h"
#include "core/result.h"

namespace twin::models {

struct EncoderLaunch {
  std::filesystem::path program, model;
  int threads = 1;
  bool alone = false;  ///< each text by itself, its vector soonest; otherwise the most texts a second
  bool f32 = false;    ///< never in bfloat16
  Millis start_timeout{120'000};
  Millis request_timeout{600'000};
  int max_restarts = 5;  ///< in its whole life
};

/// Thread-safe: requests go one after another. The process is started by the first one, and again when it died; its
/// request is sent once more.
class EncoderProcess {
 public:
  explicit EncoderProcess(EncoderLaunch launch) : launch_(std::move(launch)) {}
  ~EncoderProcess();
  EncoderProcess(const EncoderProcess&) = delete;
  EncoderProcess& operator=(const EncoderProcess&) = delete;

  /// Starts it now. ErrorKind::invalid: this model is not one that it runs; it says why.
  [[nodiscard]] Result<void> start();
  /// One L2-normalized vector per text, in order. ErrorKind::network when it died, ErrorKind::invalid for what it
  /// refuses.
  [[nodiscard]] Result<std::vector<std::vector<float>>> encode(const std::vector<std::vector<int>>& texts);
  /// 0 while none runs.
  [[nodiscard]] pid_t pid();

 private:
  Result<void> launch();
  Result<void> send(const std::vector<std::vector<int>>& texts);
  Result<void> receive(void* bytes, std::size_t count, Millis timeout);
  Result<void> receive_status(Millis timeout);
  Result<std::vector<std::vector<float>>> ask(const std::vector<std::vector<int>>& texts);
  void end();

  const EncoderLaunch launch_;
  std::mutex requests_;  ///< held for a whole request
  OwnedFd to_child_;
  std::uint32_t dimension_ = 0;
  int restarts_ = 0;

  std::mutex mutex_;  ///< of what the child's output arrives in
  std::condition_variable arrived_;
  std::string output_, errors_;
  bool reading_ = false;

  std::unique_ptr<Process> process_;  ///< last: its threads write what stands above
};

}  // namespace twin::models
