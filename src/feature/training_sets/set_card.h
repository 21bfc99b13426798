// The card of a data set: a README.md with the YAML that hubs read, and what the numbers are.
#pragma once

#include <string>
#include <vector>

#include "feature/training_sets/set_stats.h"

namespace twin::feature {

struct CardFile {
  std::string config;  ///< what belongs together: "instruct"
  std::string split;   ///< train, validation, test
  std::string path;    ///< in the repository
};

/// `name`: its title. `licence`: an identifier as hubs know it, empty: none is said. From `sets` come languages, sizes,
/// generators and, where there is a manifest, what every step removed. The same input gives the same bytes.
[[nodiscard]] std::string dataset_card(const std::string& name, const std::string& licence,
                                       const std::vector<CardFile>& files, const std::vector<SetStats>& sets);

}  // namespace twin::feature
