// README.md beside the adapter: what it is, what it was made from, how it measured.
#pragma once

#include <cstddef>
#include <string>

#include "training/train_job.h"

namespace twin::training {

[[nodiscard]] std::string model_card(const TrainJob& job, const TrainResult& result, std::size_t samples);

}  // namespace twin::training
