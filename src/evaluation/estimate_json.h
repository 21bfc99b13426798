// Estimates in the JSON of reports.
#pragma once

#include <map>
#include <string>

#include "core/json.h"
#include "evaluation/statistics.h"

namespace twin::evaluation {

/// {"mean","low","high","n","documents"}. What was not measured is null: JSON has no NaN, and a zero would be read as a
/// result. So are the ends of an interval that is not there.
[[nodiscard]] Json to_json(const Estimate& estimate);
/// By name.
[[nodiscard]] Json to_json(const std::map<std::string, Estimate>& estimates);

}  // namespace twin::evaluation
