// A sweep for people: a table, and a page with the losses of all trials.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "training/sweep/sweep.h"

namespace twin::training {

/// Rows of cells, the first one the heading: trial, its settings, what it reached at each rung, tokens/s, what became
/// of it. Best first.
[[nodiscard]] std::vector<std::vector<std::string>> sweep_rows(const Sweep& sweep);

/// The rows, aligned in columns, then why trials failed.
[[nodiscard]] std::string to_table(const Sweep& sweep);

/// One HTML page: the table and the curves of validation and training loss, from each trial's metrics.jsonl below
/// `out`.
[[nodiscard]] std::string to_html(const Sweep& sweep, const std::filesystem::path& out);

}  // namespace twin::training
