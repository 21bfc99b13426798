// The processes that train together, joined by c10d's Gloo over TCP. One process is a world of its own, without any of
// this.
#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "training/ranks.h"

namespace twin::training {

class World {
 public:
  virtual ~World() = default;
  [[nodiscard]] virtual int rank() const { return 0; }
  [[nodiscard]] virtual int size() const { return 1; }
  /// Whether this process writes what the run writes.
  [[nodiscard]] bool first() const { return rank() == 0; }

  /// Replaces a contiguous float32 or float64 tensor on every rank by the sum over all ranks: the same bytes on each,
  /// and each time for the same number of ranks. All ranks call this and broadcast() in the same order. Throws
  /// Fatal(network), which names the rank that is gone.
  virtual void sum(at::Tensor) {}
  /// The tensor of rank 0 on every rank.
  virtual void broadcast(at::Tensor) {}
  /// sum() and broadcast() of a number.
  [[nodiscard]] double sum(double value);
  [[nodiscard]] double broadcast(double value);

  /// Called now and then while waiting for others; may throw to stop.
  std::function<void()> while_waiting;
};

struct JoinOptions {
  RankSpec ranks;
  std::string key;  ///< names the job: ranks with different ones do not train together
  /// How long the others may take to start; later, how long a rank may be silent until it counts as gone.
  int timeout_s = 300;
  const std::atomic<bool>* stop = nullptr;  ///< ends the waiting for others at the start: Fatal(cancelled)
};

/// Meets the other ranks at the TCPStore of rank 0, or returns at once when there are none. Throws Fatal(network): rank
/// 0 cannot listen or does not answer, a rank that did not start (named); Fatal(usage): a rank with another job
/// (named).
[[nodiscard]] std::unique_ptr<World> join_world(const JoinOptions& options);

}  // namespace twin::training
