// Which documents are gone, after their source was read completely.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "feature/collect/collect.h"

namespace twin::feature {

struct Sweep {
  std::vector<stores::Origin> gone;     ///< to be marked deleted
  std::vector<stores::Origin> missing;  ///< not shown, but not for long enough; `missing` is counted up
  std::vector<stores::Origin> back;     ///< shown again; `missing` is 0
  bool suspicious = false;              ///< too many at once: nothing is to be done
  std::size_t known = 0, absent = 0;
};

/// `known`: the documents of one source location. `shown`: whether one came up in this run. What lies on this machine
/// or in a repository and does not come up is gone; a place on the web must be read completely `delete_after` times in
/// a row without it. A location that lost more than `max_delete_share` of its documents (and more than `delete_freely`)
/// is suspicious: its listing may be broken, or another one.
[[nodiscard]] Sweep sweep(const std::string& location, std::vector<stores::Origin> known,
                          const std::function<bool(const stores::Origin&)>& shown, const CollectConfig& config);

}  // namespace twin::feature
