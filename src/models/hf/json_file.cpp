#include "models/hf/json_file.h"

#include <nlohmann/json.hpp>

#include "core/files.h"

namespace twin::models {

Json read_json_file(const std::filesystem::path& path) {
  const auto bytes = disk().read(path);
  return bytes ? Json::parse(*bytes, nullptr, false) : Json();
}

}  // namespace twin::models
