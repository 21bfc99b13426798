// Who wrote a document: names as sources give them → users of the warehouse.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "feature/collect/collect.h"

namespace twin::feature {

/// Names and aliases of the authors of one source: what a source with several writers filters by.
[[nodiscard]] std::vector<std::string> known_names(const SourceConfig& source, const std::vector<Author>& authors);

/// Ids of the authors of a source's documents; each user is looked up in the warehouse once.
class AuthorIds {
 public:
  AuthorIds(const SourceConfig& source, const std::vector<Author>& authors, stores::Warehouse& warehouse)
      : source_(source), authors_(authors), warehouse_(warehouse) {}

  /// Those the item names, else those of the source, else those of the project; main author first.
  [[nodiscard]] std::vector<std::string> of(const RawDocument& raw);

 private:
  [[nodiscard]] std::string user(const std::string& name, std::vector<std::string> aliases);

  const SourceConfig& source_;
  const std::vector<Author>& authors_;
  stores::Warehouse& warehouse_;
  std::map<std::string, std::string> ids_;
};

}  // namespace twin::feature
