#include "core/i18n.h"

#include <yaml-cpp/yaml.h>

#include <atomic>
#include <cstdlib>
#include <map>

#include "core/catalogue.h"
#include "core/log.h"

namespace twin {

namespace {

using Catalogue = std::map<std::string, std::string, std::less<>>;

Catalogue load_korean() {
  Catalogue catalogue;
  try {
    for (const auto& entry : YAML::Load(std::string(korean_catalogue()))) {
      catalogue.emplace(entry.first.as<std::string>(), entry.second.as<std::string>());
    }
  } catch (const YAML::Exception& error) {
    log::error("po/ko.yaml: {}", error.what());  // English messages are better than none
  }
  return catalogue;
}

const Catalogue& korean() {
  static const Catalogue catalogue = load_korean();
  return catalogue;
}

/// POSIX: the first of these that is set and not empty decides.
bool environment_is_korean() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return std::string_view(value).starts_with("ko");
  }
  return false;
}

std::atomic<bool>& korean_wanted() {
  static std::atomic<bool> wanted{environment_is_korean()};
  return wanted;
}

}  // namespace

std::string_view language() {
  return korean_wanted() ? "ko" : "en";
}

void set_language(std::string_view code) {
  korean_wanted() = code == "ko";
}

// Weak: the MongoDB module, which has its own copy of this room, puts the program's in its place.
[[gnu::weak]] std::string_view translated(std::string_view english) {
  if (!korean_wanted()) return english;
  const auto entry = korean().find(english);
  return entry == korean().end() ? english : std::string_view(entry->second);
}

}  // namespace twin
