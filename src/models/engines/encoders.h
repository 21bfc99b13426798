// The twin-encode processes of an embedding worker, and which vectors they make.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "models/engines/encoder_process.h"

namespace twin::models {

/// Questions and passages have a process each: a question waits for no batch of passages, and each text of its process
/// goes alone. A process starts with the first request of its kind, for many workers never see the other one.
/// Thread-safe.
class Encoders {
 public:
  /// Of a model that twin-encode may run (else null): `launch` without `alone`.
  explicit Encoders(const EncoderLaunch& launch);

  /// Begins to start the questions' process, beside whatever the caller does next.
  void expect_questions();
  /// The process that makes vectors of questions, or of passages; started and ready. Null: none, llama-server makes
  /// them. Which it is depends on the model alone, until give_up_questions().
  [[nodiscard]] EncoderProcess* of(bool questions);
  /// Questions are no more for twin-encode, which died too often; says so once.
  void give_up_questions(const Error& why);

 private:
  struct Side {
    explicit Side(EncoderLaunch launch) : process(std::move(launch)) {}
    EncoderProcess process;
    std::once_flag started;
    std::atomic<bool> usable{false};
  };

  Side passages_, questions_;
  std::jthread starting_;  ///< last: ends before what it uses
};

}  // namespace twin::models
