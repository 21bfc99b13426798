#include "training/trainer/footprint.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>

namespace twin::training {
namespace {

using SteadyClock = std::chrono::steady_clock;
const SteadyClock::time_point process_start = SteadyClock::now();

double processor_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

Footprint footprint_of(double cores, double seconds, const FootprintConfig& config) {
  Footprint footprint;
  footprint.cores = cores;
  footprint.cpu_seconds = cores * seconds;
  footprint.watt_hours = footprint.cpu_seconds * config.core_watts / 3600;
  footprint.grams_co2e = footprint.watt_hours / 1000 * config.grid_co2;
  return footprint;
}

Footprint estimate_footprint(double seconds, const FootprintConfig& config) {
  const double wall = std::chrono::duration<double>(SteadyClock::now() - process_start).count();
  return footprint_of(processor_seconds() / std::max(wall, 1e-3), seconds, config);
}

}  // namespace twin::training
