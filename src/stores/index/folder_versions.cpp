#include "stores/index/folder_versions.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>

#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "stores/index/index_check.h"

namespace twin::stores {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMain = "main";
constexpr const char* kRecord = "versions.json";
constexpr const char* kOthers = "models";
constexpr std::size_t kNameDigits = 16;

/// The folder of a model's own index: the same one whenever a build with it starts again.
std::string name_of(const IndexModel& model) {
  return std::string(kOthers) + "/" +
         Sha256().field(model.hash).field(std::to_string(model.dimension)).hex().substr(0, kNameDigits);
}

bool same(const IndexModel& a, const IndexModel& b) {
  return a.hash == b.hash && a.dimension == b.dimension;
}

std::vector<std::string> version_names(const fs::path& folder) {
  std::vector<std::string> names;
  if (disk().exists(folder / "index.db")) names.emplace_back(kMain);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder / kOthers, error)) {
    if (!disk().exists(entry.path() / "index.db")) continue;
    names.push_back(std::string(kOthers) + "/" + entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

const char* to_string(IndexVersion::State state) {
  switch (state) {
    case IndexVersion::State::serving:
      return "serving";
    case IndexVersion::State::kept:
      return "kept";
    default:
      return "building";
  }
}

std::vector<fs::path> index_version_folders(const fs::path& folder) {
  std::vector<fs::path> folders;
  for (const auto& name : version_names(folder)) folders.push_back(name == kMain ? folder : folder / name);
  return folders;
}

FolderVersions::FolderVersions(fs::path folder, IndexConfig config)
    : folder_(std::move(folder)), config_(std::move(config)) {}

FolderVersions::Record FolderVersions::read() const {
  const auto bytes = disk().read(folder_ / kRecord);
  if (!bytes && bytes.error().kind == ErrorKind::not_found) return {kMain, {}, {}};
  try {
    const Json json = Json::parse(value_or_throw(bytes));
    Record record;
    record.serving = json.at("serving").get<std::string>();
    record.kept = json.at("kept").get<std::vector<std::string>>();
    for (const auto& [name, embedder] : json.at("embedders").items()) {
      record.embedders[name] = embedder.get<std::string>();
    }
    static_cast<void>(folder_of(record.serving));
    return record;
  } catch (const Json::exception& exception) {
    throw Fatal(ErrorKind::invalid, tr("The list of the index's versions is damaged: {}", exception.what()),
                (folder_ / kRecord).string(), tr("remove the file, then run: twin index"));
  }
}

void FolderVersions::write(const Record& record) const {
  Json json{{"serving", record.serving}, {"kept", record.kept}, {"embedders", Json::object()}};
  for (const auto& [name, embedder] : record.embedders) json["embedders"][name] = embedder;
  value_or_throw(disk().write(folder_ / kRecord, json.dump(2) + "\n"));
}

fs::path FolderVersions::folder_of(const std::string& name) const {
  if (name == kMain) return folder_;
  const fs::path path(name);
  const bool below = path.parent_path() == kOthers && path.filename() != "." && path.filename() != "..";
  if (!below || path.filename().empty()) {
    throw Fatal(ErrorKind::invalid, tr("'{}' is no version of the index", name), (folder_ / kRecord).string(),
                tr("remove the file, then run: twin index"));
  }
  return folder_ / path;
}

std::vector<std::string> FolderVersions::names() const {
  return version_names(folder_);
}

std::string FolderVersions::serving() {
  return read().serving;
}

std::string FolderVersions::serving_embedder() {
  const Record record = read();
  const auto found = record.embedders.find(record.serving);
  return found == record.embedders.end() ? std::string() : found->second;
}

std::unique_ptr<Index> FolderVersions::open(const std::string& name) {
  return open_index(folder_of(name), config_);
}

std::vector<IndexVersion> FolderVersions::list() {
  const Record record = read();
  std::vector<std::string> order = {record.serving};
  order.insert(order.end(), record.kept.begin(), record.kept.end());
  const auto listed = static_cast<std::ptrdiff_t>(order.size());
  std::vector<std::string> there = names();
  for (const auto& name : there) {
    if (std::find(order.begin(), order.begin() + listed, name) == order.begin() + listed) order.push_back(name);
  }
  std::vector<IndexVersion> versions;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (std::find(there.begin(), there.end(), order[i]) == there.end()) continue;
    IndexVersion version;
    version.name = order[i];
    version.state = i == 0                                    ? IndexVersion::State::serving
                    : static_cast<std::ptrdiff_t>(i) < listed ? IndexVersion::State::kept
                                                              : IndexVersion::State::building;
    if (const auto found = record.embedders.find(order[i]); found != record.embedders.end()) {
      version.embedder = found->second;
    }
    const auto index = open(order[i]);
    version.model = index->model();
    version.counts = index->counts();
    versions.push_back(std::move(version));
  }
  return versions;
}

std::string FolderVersions::prepare(const std::string& embedder, const IndexModel& model) {
  Record record = read();
  const auto of_this_model = [&](const std::string& name) {
    const std::vector<std::string> there = names();
    return std::find(there.begin(), there.end(), name) != there.end() && same(open(name)->model(), model);
  };
  std::string name = name_of(model);
  if (const auto now = open(record.serving); same(now->model(), model) || now->counts().documents == 0) {
    name = record.serving;
  } else if (of_this_model(kMain)) {
    name = kMain;
  }
  if (record.embedders[name] != embedder) {
    record.embedders[name] = embedder;
    write(record);
  }
  return name;
}

void FolderVersions::publish(const std::string& name, int keep) {
  Record record = read();
  const bool switched = record.serving != name;
  auto& kept = record.kept;
  if (switched) {
    kept.insert(kept.begin(), record.serving);
    std::erase(kept, name);
    record.serving = name;
  }
  const std::vector<std::string> there = names();
  std::erase_if(kept, [&](const auto& old) { return std::find(there.begin(), there.end(), old) == there.end(); });
  std::vector<std::string> gone;
  while (kept.size() > static_cast<std::size_t>(std::max(keep, 0))) {
    gone.push_back(kept.back());
    kept.pop_back();
  }
  if (!switched && gone.empty()) return;
  for (const auto& other : there) {
    const bool begun = other != record.serving && std::find(kept.begin(), kept.end(), other) == kept.end();
    if (switched && begun && std::find(gone.begin(), gone.end(), other) == gone.end()) gone.push_back(other);
  }
  for (const auto& other : gone) record.embedders.erase(other);
  write(record);  // the switch; what is removed below is named by nobody from here on
  for (const auto& other : gone) remove(other);
}

void FolderVersions::remove(const std::string& name) const {
  if (name == kMain) {
    remove_index_files(folder_);
    return;
  }
  std::error_code error;
  fs::remove_all(folder_of(name), error);
  if (error) {
    throw Fatal(ErrorKind::io, tr("An index that is no longer used cannot be removed: {}", error.message()),
                folder_of(name).string());
  }
}

}  // namespace twin::stores
