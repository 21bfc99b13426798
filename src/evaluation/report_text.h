// What the reports share: how numbers are written, and in which order.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "evaluation/evaluation.h"

namespace twin::evaluation {

/// "0.52 [0.44, 0.60]", "–" when nothing was measured, the number alone when there is no interval.
[[nodiscard]] std::string with_interval(const Estimate& estimate, int digits = 2);
/// "0.52 ±0.08": half the width of the interval, for narrow tables.
[[nodiscard]] std::string with_margin(const Estimate& estimate, int digits = 2);
/// A share as a change in percent: "-24.5 % [-27.0, -21.0]".
[[nodiscard]] std::string percent_change(const Estimate& estimate);
/// Digits that are worth showing of a metric.
[[nodiscard]] int digits_of(std::string_view metric);
/// "↑", "↓" or "".
[[nodiscard]] std::string arrow(const MetricInfo& metric);

/// The comparison: first row the column names, then a row for each metric. Cells by `format`.
using Rows = std::vector<std::vector<std::string>>;
[[nodiscard]] Rows comparison_rows(const EvalReport& report,
                                   const std::function<std::string(const Estimate&, int)>& format);
/// "tuned - base" → its estimate, for every metric, in order of the metrics.
[[nodiscard]] Rows difference_rows(const EvalReport& report);
[[nodiscard]] Rows retrieval_rows(const EvalReport& report);
[[nodiscard]] Rows perplexity_rows(const EvalReport& report);
/// "20 questions from 9 held-out documents; intervals: 95 %, bootstrap over documents".
[[nodiscard]] std::string summary_line(const EvalReport& report);

}  // namespace twin::evaluation
