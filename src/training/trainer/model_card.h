// README.md beside the adapter: what it is, what it was made from, how it measured.
#pragma once

#include <string>

#include "training/train_job.h"
#include "training/trainer/training_set.h"

namespace twin::training {

[[nodiscard]] std::string model_card(const TrainJob& job, const TrainResult& result, const TrainingSet& set);

}  // namespace twin::training
