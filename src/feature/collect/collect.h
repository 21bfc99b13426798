// Collect: sources → Markdown documents in the warehouse; only what changed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/progress.h"
#include "feature/category.h"
#include "feature/collect/host_state.h"
#include "feature/collect/pictures.h"
#include "feature/collect/politeness.h"
#include "feature/sources/source.h"
#include "stores/warehouse/warehouse.h"

namespace twin::feature {

/// One entry of `sources:` in twin.yaml: common keys and the source's own.
struct SourceConfig {
  std::string type;  ///< id of the source plug-in
  std::string name;  ///< what messages and `--source` call it; empty: type and location
  std::string category;
  std::vector<std::string> authors;  ///< names; empty: the project's
  std::shared_ptr<Source> source;    ///< made by bind() from `type`
  std::string made_of;               ///< the `type` that `source` was made of
  void bind(config::Binder& b);
  /// `name`, else "feed https://example.org/feed.xml".
  [[nodiscard]] std::string display_name() const;
};

struct CollectConfig {
  int max_item_megabytes = 64;
  bool delete_missing = true;  ///< tombstone what a completely read source no longer has
  int delete_after = 2;  ///< complete readings of a place on the web without a document, until it is taken for gone
  double max_delete_share = 0.5;  ///< a place that lost more of its documents at once is not believed
  int delete_freely = 5;          ///< so many may go whatever their share
  int parallel = 4;               ///< sources read at the same time
  int workers = 0;                ///< threads that clean; 0: one per core
  int buffer_megabytes = 64;      ///< of one source, as found, on the way to the warehouse
  int batch_documents = 256;      ///< at most in one transaction
  ImagesConfig images;
  PolitenessConfig http;
  void bind(config::Binder& b);
};

/// An item or a source (`where` is then its location) that failed. `source` is the source's display name.
struct CollectFailure : Error {
  CollectFailure() = default;
  CollectFailure(Error error, std::string name) : Error(std::move(error)), source(std::move(name)) {}
  std::string source;
};

/// Which part of the sources one run reads: set by the command line, not by twin.yaml.
struct CollectSelection {
  std::vector<std::string> only;  ///< display names; empty: all
  bool retry = false;             ///< only what `failures` names; a source that failed as a whole is read as a whole
  std::vector<CollectFailure> failures;
  /// Whether this run reads (a part of) the source.
  [[nodiscard]] bool takes(const SourceConfig& source) const;
};

struct CollectCounts {
  int seen = 0, inserted = 0, updated = 0, unchanged = 0, revived = 0, deleted = 0, failed = 0;
};

struct SourceSummary : CollectCounts {
  enum class State { done, unchanged, failed, stopped, left_out };
  std::string name, type, location;
  State state = State::done;
};
[[nodiscard]] std::string_view to_string(SourceSummary::State state);

struct CollectReport : CollectCounts {
  std::vector<CollectFailure> failures;  ///< in the order of the sources and their items
  std::vector<Error> notes;              ///< recorded, not failed: too short, binary, repaired …
  std::vector<SourceSummary> sources;    ///< in the order of twin.yaml
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
  /// Tells who observes the hosts of `http` from now on; nobody (null) at the end.
  std::function<void(HostObserver)> observe_hosts = {};
};

/// Runs every source. Sources are read at the same time and cleaned by several threads; documents are stored in the
/// order of the sources and their items, by one writer, in transactions. A failed item or source is in the report; a
/// failing store throws Fatal: what was committed stays, and the next run goes on from there.
[[nodiscard]] CollectReport collect(const CollectConfig& config, const std::vector<SourceConfig>& sources,
                                    const std::vector<Author>& authors, const CollectContext& context,
                                    const CollectSelection& selection = {});

/// Hash of what all sources hold now; empty when one of them cannot tell without fetching.
[[nodiscard]] std::string fingerprint(const std::vector<SourceConfig>& sources, const CollectContext& context);

}  // namespace twin::feature
