// The losses of a trial as they went, from its metrics.jsonl.
#pragma once

#include <filesystem>
#include <utility>
#include <vector>

namespace twin::training {

/// Points (share of the whole run, loss), rising in the share.
using Curve = std::vector<std::pair<double, double>>;

struct TrialCurves {
  Curve validation;
  Curve training;  ///< means over a fiftieth of the run
};

/// What can be read: nothing of a file that is not there; malformed lines and losses that are not finite are left out.
[[nodiscard]] TrialCurves read_curves(const std::filesystem::path& metrics);

}  // namespace twin::training
