// metrics.jsonl: one JSON object a line for each step, each evaluation and the answers of a step, readable while the
// run goes on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>

#include "core/json.h"

namespace twin::training {

class Metrics {
 public:
  explicit Metrics(std::filesystem::path file) : file_(std::move(file)) {}

  /// Drops lines of later steps (a run that goes on from a checkpoint writes them again) and opens the file for
  /// appending. −1 starts afresh. Throws Fatal when the file cannot be written.
  void keep_until(std::int64_t step);
  void append(const Json& event);
  void close() { out_.close(); }

 private:
  std::filesystem::path file_;
  std::ofstream out_;
};

}  // namespace twin::training
