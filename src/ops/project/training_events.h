// The course of a training in the run store.
#pragma once

#include <string>

#include "ops/project/project.h"
#include "training/client.h"

namespace twin::ops {

/// Metrics "train/loss", "train/lr", "train/tokens_per_s", "train/grad_norm" and "eval/loss"; answers of the model.
/// Thread-safe. Throws Fatal when the store cannot be written.
void log_training(Project& project, const std::string& run_id, const training::TrainEvent& event);

}  // namespace twin::ops
