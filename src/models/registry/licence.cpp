#include "models/registry/licence.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "core/files.h"
#include "core/text/ascii.h"
#include "core/text/unicode.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_front_matter = 64u << 10;

bool is_licence_file(const fs::path& path) {
  const std::string name = text::ascii_lower(path.filename().string());
  return name.starts_with("license") || name.starts_with("licence") || name.starts_with("copying") ||
         name.starts_with("notice") || name.find("terms") != std::string::npos;
}

}  // namespace

std::string card_licence(const std::string& readme) {
  if (!readme.starts_with("---\n") && !readme.starts_with("---\r\n")) return {};
  const auto start = readme.find('\n') + 1;
  const auto end = readme.find("\n---", start);
  if (end == std::string::npos || end - start > largest_front_matter) return {};
  try {
    const YAML::Node card = YAML::Load(readme.substr(start, end - start));
    if (!card.IsMap()) return {};
    const YAML::Node name = card["license_name"] ? card["license_name"] : card["license"];
    return name && name.IsScalar() ? std::string(text::trim(name.as<std::string>())) : std::string();
  } catch (const YAML::Exception&) {
    return {};
  }
}

std::vector<std::string> metadata_values(const std::string& metadata, const std::string& name) {
  std::vector<std::string> values;
  for (std::string_view line : text::split(metadata, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) break;  // the description follows
    if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ':') continue;
    values.emplace_back(text::trim(line.substr(name.size() + 1)));
  }
  return values;
}

Licence find_licence(const fs::path& folder, std::size_t max_text) {
  Licence licence;
  std::string package;
  const auto paths = disk().list(folder);
  if (!paths) return licence;
  for (const fs::path& path : *paths) {
    const std::string name = path.filename().string();
    const bool card = name == "README.md" || name == "README.upstream.md";
    if (!card && name != "METADATA" && !is_licence_file(path)) continue;
    const auto bytes = disk().read(path);
    if (!bytes) continue;
    const std::string clean = text::repair_utf8(*bytes);
    if (card && licence.name.empty()) licence.name = card_licence(clean);
    if (name == "METADATA") {
      auto values = metadata_values(clean, "License-Expression");
      if (values.empty()) values = metadata_values(clean, "License");
      if (!values.empty() && package.empty()) package = values.front();
    } else if (!card) {
      if (!licence.text.empty()) licence.text += "\n\n";
      licence.text += text::clip(clean, max_text);
    }
  }
  if (licence.name.empty()) licence.name = package;
  return licence;
}

}  // namespace twin::models
