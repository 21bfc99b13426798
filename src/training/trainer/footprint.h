// An estimate of what a run cost: processor time, energy, carbon.
#pragma once

namespace twin::training {

/// The defaults are those of Lannelongue et al. 2021 (Green Algorithms) for an unknown processor and the world's mean.
struct FootprintConfig {
  double core_watts = 12;  ///< of a busy core; $TWIN_CORE_WATTS
  double grid_co2 = 475;   ///< g CO2e per kWh where the machine is; $TWIN_GRID_CO2
};
/// From the environment, for they belong to the machine and not to the run. What is no number from 0 to 100,000 is
/// passed over: a run that is done must not fail by its model card.
[[nodiscard]] FootprintConfig footprint_config();

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
