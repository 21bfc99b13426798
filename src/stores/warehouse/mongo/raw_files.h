// Raw bytes in the database, for a warehouse that several machines share: a FileSystem that Objects works on.
#pragma once

#include "core/files.h"
#include "stores/warehouse/mongo/database.h"

namespace twin::stores::mongo {

/// Collection `raw`: {_id: "<path>", size, parts, data}, and {_id: "<path>/1", data} … for what is larger than a row
/// may be. The parts are written first, the row that readers look for last: a file is there whole or not at all.
class RawFiles final : public FileSystem {
 public:
  explicit RawFiles(Database& database) : database_(database) {}

  [[nodiscard]] Result<std::string> read(const std::filesystem::path& path, std::uint64_t max_bytes) const override;
  [[nodiscard]] Result<void> write(const std::filesystem::path& path, std::string_view bytes) override;
  /// `modified_ns` is 0: what is named by its hash does not change.
  [[nodiscard]] Result<FileStat> stat(const std::filesystem::path& path) const override;
  [[nodiscard]] Result<std::vector<std::filesystem::path>> list(const std::filesystem::path& folder,
                                                                std::vector<Error>* skipped) const override;
  [[nodiscard]] Result<void> remove(const std::filesystem::path& path) override;

 private:
  Database& database_;
};

}  // namespace twin::stores::mongo
