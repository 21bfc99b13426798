// How a question is understood, changed for one command: what `twin search` and `twin ask` share.
#pragma once

#include <optional>
#include <string>

#include "cli/options.h"
#include "inference/query/query_config.h"

namespace twin::cli {

/// The flags of retrieval.query.*; those that are not given leave the configuration as it is.
class QueryFlags {
 public:
  void declare(Options& options);
  /// `configured` with what was given. Throws Fatal (usage) for a value that there is not.
  [[nodiscard]] inference::QueryConfig apply(inference::QueryConfig configured) const;

 private:
  std::string rewrite_, filters_;
  int variants_ = -1;
  std::optional<bool> hyde_, decompose_, translate_;
};

}  // namespace twin::cli
