// An estimate of what a run cost: processor time, energy, carbon.
#pragma once

#include "training/train_job.h"

namespace twin::training {

struct Footprint {
  double cores = 0;        ///< busy on average, of this process
  double cpu_seconds = 0;  ///< cores × seconds of training, also of the parts before a stop
  double watt_hours = 0;
  double grams_co2e = 0;
};

/// `seconds`: wall time of the steps. Graphics processors are not counted.
[[nodiscard]] Footprint estimate_footprint(double seconds, const FootprintConfig& config);

/// The arithmetic alone.
[[nodiscard]] Footprint footprint_of(double cores, double seconds, const FootprintConfig& config);

}  // namespace twin::training
