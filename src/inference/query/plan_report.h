// What became of a question before it was searched for, for people and programs.
#pragma once

#include <string>

#include "core/json.h"
#include "inference/query/understand.h"

namespace twin::inference {

/// One step: {"step", "outcome", "texts", "duration_ms"}.
[[nodiscard]] Json to_json(const QueryStep& step);

/// {"question", "wordings", "parts", "passages", "filter", "steps"}; of the filter only what is set, times as
/// YYYY-MM-DD.
[[nodiscard]] Json to_json(const QueryPlan& plan);

/// A line for each step, with what it made below it; empty without steps.
[[nodiscard]] std::string to_text(const QueryPlan& plan);

}  // namespace twin::inference
