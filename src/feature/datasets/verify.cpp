#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "feature/datasets/datasets.h"

namespace twin::feature {

Result<std::string> verify_dataset(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "manifest.json";
  const auto bytes = disk().read(file);
  if (!bytes) return tl::unexpected(bytes.error());
  const Json manifest = Json::parse(*bytes, nullptr, false);
  if (!manifest.is_object() || !manifest.contains("files") || !manifest["files"].is_object()) {
    return fail(ErrorKind::invalid, tr("The manifest of the dataset is malformed"), file.string());
  }
  for (const auto& [name, entry] : manifest["files"].items()) {
    const auto hash = sha256_file(folder / name);
    if (!hash) return tl::unexpected(hash.error());
    const Json& recorded = entry.is_object() && entry.contains("sha256") ? entry["sha256"] : entry;
    if (!recorded.is_string() || recorded.get<std::string>() != *hash) {
      return fail(ErrorKind::invalid, tr("The file is not what the dataset's manifest says"), (folder / name).string());
    }
  }
  return sha256_hex(*bytes);
}

}  // namespace twin::feature
