// Why a step ran or was reused: the parts of its key against those of the run before.
#pragma once

#include <string>
#include <vector>

#include "stores/runs/runs.h"

namespace twin::ops {

struct Why {
  std::string reason;                ///< one sentence
  std::vector<std::string> changes;  ///< "config.train.lr: 0.0005 -> 0.001"
};

/// Throws Fatal when the run has no such step (the steps it has are the hint).
[[nodiscard]] Why explain(stores::Runs& runs, const stores::RunRecord& run, const std::string& step);

}  // namespace twin::ops
