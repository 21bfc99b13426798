// Indexes of one corpus side by side, one for each embedding model: one serves while another is made beside it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/secrets.h"
#include "stores/index/index.h"

namespace twin::stores {

struct IndexVersion {
  enum class State {
    serving,   ///< what searches get
    kept,      ///< served before; whole, of the time when it was left
    building,  ///< not complete: the next build with its model goes on there
  };
  std::string name;  ///< "main" or "models/…" in a folder, the collection on a Qdrant server
  State state = State::building;
  std::string embedder;  ///< the embedding model's id in the registry; empty: made before it was recorded
  IndexModel model;
  IndexCounts counts;
};

/// "serving", "kept", "building".
[[nodiscard]] const char* to_string(IndexVersion::State state);

/// One writer at a time; readers are any number. Throws Fatal when the store itself fails.
class IndexVersions {
 public:
  virtual ~IndexVersions() = default;

  /// The version that serves, to be opened; another name once a build was published. Cheap enough to ask every second.
  virtual std::string serving() = 0;
  /// The registry's id of the model that the serving version was made with; empty: none yet, or not recorded.
  virtual std::string serving_embedder() = 0;
  /// What is opened stays this version, also after another one was published.
  virtual std::unique_ptr<Index> open(const std::string& name) = 0;
  /// The serving one first, then those kept, then those begun.
  virtual std::vector<IndexVersion> list() = 0;

  /// Names the version that a build with this model fills: the serving one when it is of this model or holds nothing;
  /// else the one that was kept or begun with it; else a new one, empty. `embedder` is recorded with it.
  virtual std::string prepare(const std::string& embedder, const IndexModel& model) = 0;
  /// From now on this version serves: one write, seen whole or not at all. Of those that served before, the `keep` last
  /// ones stay. When another version served, what was begun with other models is removed, too.
  virtual void publish(const std::string& name, int keep) = 0;
};

/// The versions below a folder (the first one in it, others in models/ below), or on the Qdrant server of config.uri
/// (collections NAME.v1, NAME.v2 …; the alias NAME is the one that serves). Throws Fatal: usage when the address is
/// wrong, network when no server answers.
[[nodiscard]] std::unique_ptr<IndexVersions> open_index_versions(const IndexConfig& config,
                                                                 const std::filesystem::path& folder,
                                                                 const Secrets& secrets);

}  // namespace twin::stores
