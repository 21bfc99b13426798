// What collecting would do: the sources' lists against what is known, without an item read or anything stored.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "feature/collect/collect.h"

namespace twin::feature {

struct PlannedItem {
  enum class State {
    fresh,    ///< not known yet
    known,    ///< known; on the web it would be asked for, and read again when it changed
    changed,  ///< a file that is not the one that was read
    absent,   ///< known, and no longer there
  };
  State state = State::fresh;
  std::string url;     ///< canonical
  std::string source;  ///< display name
};
[[nodiscard]] std::string_view to_string(PlannedItem::State state);

struct CollectPlan {
  std::vector<PlannedItem> items;  ///< in the order of the sources and their items
  std::vector<CollectFailure> failures;
};

/// Lists are fetched (and repositories cloned), items are not. Sources that say "nothing new" contribute nothing.
[[nodiscard]] CollectPlan plan(const CollectConfig& config, const std::vector<SourceConfig>& sources,
                               const std::vector<Author>& authors, const CollectContext& context,
                               const CollectSelection& selection = {});

}  // namespace twin::feature
