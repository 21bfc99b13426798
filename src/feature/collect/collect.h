// Collect: sources → Markdown documents in the warehouse; only what changed.
#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/progress.h"
#include "feature/category.h"
#include "feature/collect/politeness.h"
#include "feature/sources/source.h"
#include "stores/warehouse/warehouse.h"

namespace twin::feature {

/// One entry of `sources:` in twin.yaml: common keys and the source's own.
struct SourceConfig {
  std::string type;  ///< id of the source plug-in
  std::string category;
  std::vector<std::string> authors;  ///< names; empty: the project's
  std::shared_ptr<Source> source;    ///< made by bind() from `type`
  std::string made_of;               ///< the `type` that `source` was made of
  void bind(config::Binder& b);
};

struct CollectConfig {
  int max_item_megabytes = 64;
  bool delete_missing = true;  ///< tombstone what a completely read source no longer has
  PolitenessConfig http;
  void bind(config::Binder& b);
};

struct CollectReport {
  int seen = 0, inserted = 0, updated = 0, unchanged = 0, revived = 0, deleted = 0;
  std::vector<Error> failures;  ///< one per failed item; `where` is its URL
  std::vector<Error> notes;     ///< recorded, not failed: too short, binary, repaired …
};

struct Author {
  std::string name;
  std::vector<std::string> aliases;
  void bind(config::Binder& b);
};

struct CollectContext {
  stores::Warehouse& warehouse;
  const std::map<std::string, Category>& categories;
  FileSystem& files;
  HttpClient& http;
  Clock& clock;
  ProgressSink& progress;
  std::filesystem::path scratch;
  std::stop_token stop;
  const Secrets& secrets = no_secrets();
};

/// Runs every source. A failed item or source is in the report; a failing store throws Fatal.
[[nodiscard]] CollectReport collect(const CollectConfig& config, const std::vector<SourceConfig>& sources,
                                    const std::vector<Author>& authors, const CollectContext& context);

/// Hash of what all sources hold now; empty when one of them cannot tell without fetching.
[[nodiscard]] std::string fingerprint(const std::vector<SourceConfig>& sources, const CollectContext& context);

}  // namespace twin::feature
