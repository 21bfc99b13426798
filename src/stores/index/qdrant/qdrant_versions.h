// Versions of the index on a Qdrant server. Opened by open_index_versions().
#pragma once

#include "stores/index/qdrant/client.h"
#include "stores/index/qdrant/collection.h"
#include "stores/index/versions.h"

namespace twin::stores::qdrant {

/// Each version is a collection; the alias names the one that serves, and moves in one request. The meta point of each
/// keeps its model, and which switch made it the serving one.
class QdrantVersions final : public IndexVersions {
 public:
  QdrantVersions(IndexConfig config, Server server, std::string name);

  std::string serving() override { return Collection(client_, name_).serving(); }
  std::string serving_embedder() override;
  std::unique_ptr<Index> open(const std::string& name) override;
  std::vector<IndexVersion> list() override;
  std::string prepare(const std::string& embedder, const IndexModel& model) override;
  void publish(const std::string& name, int keep) override;

 private:
  /// Collections with their meta points; those without one were left by a crash while they were made.
  [[nodiscard]] std::vector<std::pair<std::string, Meta>> all() const;

  IndexConfig config_;
  Server server_;
  std::string name_;
  Client client_;
};

}  // namespace twin::stores::qdrant
