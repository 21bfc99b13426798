#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "models/hub/hub_datasets.h"
#include "models/registry/download.h"

namespace twin::models {
namespace {

struct DatasetFile {
  std::string name, sha256;
  std::uint64_t size = 0;
};

bool holds_samples(const std::string& name) {
  return name.ends_with(".jsonl") || name.ends_with(".json") || name.ends_with(".ndjson") || name.ends_with(".parquet");
}

std::string text_or_nothing(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<DatasetFile> files_of(const Json& repository) {
  std::vector<DatasetFile> files;
  const auto siblings = repository.find("siblings");
  if (siblings == repository.end() || !siblings->is_array()) return files;
  for (const Json& sibling : *siblings) {
    if (!sibling.is_object()) continue;
    DatasetFile file{.name = text_or_nothing(sibling, "rfilename"), .sha256 = {}};
    if (const auto size = sibling.find("size"); size != sibling.end() && size->is_number_unsigned())
      file.size = size->get<std::uint64_t>();
    if (const auto lfs = sibling.find("lfs"); lfs != sibling.end() && lfs->is_object()) {
      file.sha256 = text_or_nothing(*lfs, "sha256");
      if (file.sha256.empty()) file.sha256 = text_or_nothing(*lfs, "oid");
    }
    if (is_plain_path(file.name)) files.push_back(std::move(file));  // others are never used as a path
  }
  return files;
}

}  // namespace

Result<std::vector<std::filesystem::path>> pull_dataset(Hub& hub, const HubReference& reference,
                                                        const std::filesystem::path& folder, ProgressSink& progress) {
  const std::string what = "hf:datasets/" + reference.repo;
  const auto repository =
      hub.get("/api/datasets/" + reference.repo + "/revision/" + reference.revision + "?blobs=true", what);
  if (!repository) return tl::unexpected(repository.error());
  std::vector<DatasetFile> wanted;
  for (DatasetFile& file : files_of(*repository)) {
    if (reference.file.empty() ? holds_samples(file.name) : file.name == reference.file)
      wanted.push_back(std::move(file));
  }
  if (wanted.empty()) {
    return fail(ErrorKind::not_found,
                reference.file.empty() ? tr("The data set has no file of JSON lines or Parquet")
                                       : tr("The data set has no file {}", reference.file),
                what);
  }
  const std::string commit = text_or_nothing(*repository, "sha");
  std::vector<std::filesystem::path> out;
  for (const DatasetFile& file : wanted) {
    DownloadRequest request;
    request.url = hub.url() + "/datasets/" + reference.repo + "/resolve/" +
                  (commit.empty() ? reference.revision : commit) + "/" + file.name;
    request.target = folder / file.name;
    request.size = file.size;
    request.sha256 = file.sha256;
    request.headers = Hub::authorization();
    std::error_code ignored;
    std::filesystem::create_directories(request.target.parent_path(), ignored);
    if (auto done = download(hub.http(), request, progress); !done) return tl::unexpected(done.error());
    out.push_back(request.target);
  }
  return out;
}

}  // namespace twin::models
