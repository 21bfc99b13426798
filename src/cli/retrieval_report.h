// The report of `twin eval retrieval` for people, and the scores that runs are compared by.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "cli/session.h"
#include "evaluation/beir_run.h"

namespace twin::cli {

/// Where scores are kept and compared with.
struct ScorePlaces {
  std::filesystem::path last;     ///< of the last run on the same set; empty: nowhere
  std::filesystem::path also;     ///< --scores; empty: not asked for
  std::filesystem::path against;  ///< --against; empty: the last run, if there is one
};

/// Compares with the earlier run, then keeps this one. None where there is nothing to compare with. Throws Fatal when
/// --against names no scores, or those of other queries alone.
[[nodiscard]] std::optional<evaluation::ScoreComparison> compare_and_keep(
    const evaluation::BeirReport& report, const std::map<std::string, std::string>& settings,
    const ScorePlaces& places);

void show_report(Session& session, const std::string& mode, const evaluation::BeirReport& report,
                 const std::optional<evaluation::ScoreComparison>& comparison);

}  // namespace twin::cli
