// Versions of the index in SQLite files. Opened by open_index_versions().
#pragma once

#include <map>

#include "stores/index/versions.h"

namespace twin::stores {

/// <folder>/versions.json says which one serves; it is replaced as a whole. Without it "main" does: an index that was
/// made when there was one only. Each version has its own index.db, so that a build and searches never wait for each
/// other.
class FolderVersions final : public IndexVersions {
 public:
  FolderVersions(std::filesystem::path folder, IndexConfig config);

  std::string serving() override;
  std::string serving_embedder() override;
  std::unique_ptr<Index> open(const std::string& name) override;
  std::vector<IndexVersion> list() override;
  std::string prepare(const std::string& embedder, const IndexModel& model) override;
  void publish(const std::string& name, int keep) override;

 private:
  struct Record {
    std::string serving;
    std::vector<std::string> kept;                 ///< last left first
    std::map<std::string, std::string> embedders;  ///< by version
  };
  [[nodiscard]] Record read() const;
  void write(const Record& record) const;
  [[nodiscard]] std::filesystem::path folder_of(const std::string& name) const;
  /// Names of the versions that have a file.
  [[nodiscard]] std::vector<std::string> names() const;
  void remove(const std::string& name) const;

  std::filesystem::path folder_;
  IndexConfig config_;
};

/// Folders of all versions that have a file: what looks for damage looks there.
[[nodiscard]] std::vector<std::filesystem::path> index_version_folders(const std::filesystem::path& folder);

}  // namespace twin::stores
