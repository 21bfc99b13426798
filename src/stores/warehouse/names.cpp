#include "stores/warehouse/names.h"

#include <algorithm>

#include "core/text/unicode.h"

namespace twin::stores {

std::string name_key(const std::string& name) {
  return text::fold(text::trim(name));
}

std::vector<std::string> names_of(const std::string& name, const std::vector<std::string>& aliases) {
  std::vector<std::string> names;
  std::vector<std::string> keys;
  const auto add = [&](const std::string& candidate) {
    std::string cleaned = text::repair_utf8(text::trim(candidate));
    std::string key = name_key(cleaned);
    if (key.empty() || std::find(keys.begin(), keys.end(), key) != keys.end()) return;
    names.push_back(std::move(cleaned));
    keys.push_back(std::move(key));
  };
  add(name);
  for (const auto& alias : aliases) add(alias);
  return names;
}

}  // namespace twin::stores
