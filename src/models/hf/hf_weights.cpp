#include "models/hf/hf_weights.h"

#include <nlohmann/json.hpp>
#include <set>

#include "core/files.h"
#include "core/i18n.h"
#include "core/json.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

constexpr const char* single_name = "model.safetensors";
constexpr const char* index_name = "model.safetensors.index.json";

/// Tensor → file, as the index has it. Throws where it is malformed.
std::map<std::string, std::string> weight_map(const std::string& text) {
  auto map = Json::parse(text).at("weight_map").get<std::map<std::string, std::string>>();
  for (const auto& [tensor, file] : map) {
    // A folder is not trusted: what it names is beside it.
    if (file.empty() || file.find('/') != std::string::npos || file == "." || file == "..")
      throw std::invalid_argument(tensor + ": " + file);
  }
  return map;
}

}  // namespace

Result<HfWeights> HfWeights::open(const fs::path& folder) {
  HfWeights weights(folder);
  const fs::path single = folder / single_name, index = folder / index_name;
  if (disk().exists(index)) {
    if (auto added = weights.add_index(index); !added) return tl::unexpected(added.error());
  } else if (disk().exists(single)) {
    if (auto added = weights.add_file(single); !added) return tl::unexpected(added.error());
  } else {
    return fail(ErrorKind::not_found, tr("There are no weights here: neither {} nor {}", single_name, index_name),
                folder.string(), tr("Pickled weights (.bin, .pt) can run code and are not read: save as safetensors"));
  }
  return weights;
}

Result<void> HfWeights::add_file(const fs::path& file) {
  auto opened = Safetensors::open(file);
  if (!opened) return tl::unexpected(opened.error());
  for (const auto& [name, entry] : opened->entries()) places_[name] = files_.size();
  files_.push_back(std::move(*opened));
  return {};
}

Result<void> HfWeights::add_index(const fs::path& index) {
  const auto text = disk().read(index);
  if (!text) return tl::unexpected(text.error());
  std::map<std::string, std::string> map;
  try {
    map = weight_map(*text);
  } catch (const std::exception& e) {
    return fail(ErrorKind::invalid, tr("The index of the weights is not understood: {}", e.what()), index.string());
  }
  std::map<std::string, std::size_t> numbers;
  for (const auto& [tensor, name] : map) {
    const fs::path file = folder_ / name;
    if (!numbers.contains(name)) {
      if (!disk().exists(file)) {
        return fail(ErrorKind::not_found, tr("A file of the weights is missing: {}", name), folder_.string(),
                    tr("Fetch the whole folder again"));
      }
      auto opened = Safetensors::open(file);
      if (!opened) return tl::unexpected(opened.error());
      numbers[name] = files_.size();
      files_.push_back(std::move(*opened));
    }
    if (!files_[numbers[name]].entries().contains(tensor))
      return fail(ErrorKind::invalid, tr("The weights lack tensor {}", tensor), file.string());
    places_[tensor] = numbers[name];
  }
  return {};
}

std::vector<std::string> HfWeights::names() const {
  std::vector<std::string> names;
  names.reserve(places_.size());
  for (const auto& [name, place] : places_) names.push_back(name);
  return names;
}

const SafetensorEntry* HfWeights::find(const std::string& name) const {
  const auto place = places_.find(name);
  return place == places_.end() ? nullptr : &files_[place->second].entries().at(name);
}

Result<const Safetensors*> HfWeights::file_of(const std::string& name) const {
  const auto place = places_.find(name);
  if (place != places_.end()) return &files_[place->second];
  return fail(ErrorKind::not_found, tr("The weights lack tensor {}", name), folder_.string());
}

Result<std::string> HfWeights::read_bytes(const std::string& name) const {
  const auto file = file_of(name);
  if (!file) return tl::unexpected(file.error());
  return (*file)->read_bytes(name);
}

Result<std::vector<float>> HfWeights::read(const std::string& name) const {
  const auto file = file_of(name);
  if (!file) return tl::unexpected(file.error());
  return (*file)->read(name);
}

std::vector<std::string> hf_weight_files(const fs::path& folder) {
  const auto text = disk().read(folder / index_name);
  if (!text)
    return disk().exists(folder / single_name) ? std::vector<std::string>{single_name} : std::vector<std::string>{};
  std::set<std::string> files;
  try {
    for (const auto& [tensor, file] : weight_map(*text)) files.insert(file);
  } catch (const std::exception&) {
    return {};  // HfWeights::open() says what is wrong with it
  }
  return {files.begin(), files.end()};
}

}  // namespace twin::models
