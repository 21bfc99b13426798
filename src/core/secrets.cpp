#include "core/secrets.h"

#include <sys/stat.h>
#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <mutex>
#include <set>

#include "core/i18n.h"

namespace twin {
namespace {

/// Shorter values would blank out ordinary words.
constexpr std::size_t shortest_redacted = 6;

struct GivenOut {
  std::mutex mutex;
  std::set<std::string> values;
};

GivenOut& given_out() {
  static GivenOut all;
  return all;
}

const char* environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value != nullptr && *value != '\0' ? value : nullptr;
}

}  // namespace

Result<Secrets> Secrets::load(const std::filesystem::path& file) {
  Secrets secrets;
  secrets.file_ = file;
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return secrets;
  if ((status.st_mode & 077) != 0) {
    return fail(ErrorKind::usage, tr("Others may read this file with secrets"), file.string(),
                tr("run: chmod 600 {}", file.string()));
  }
  try {
    const YAML::Node all = YAML::LoadFile(file.string());
    if (!all.IsMap() && !all.IsNull()) throw YAML::Exception(all.Mark(), "not a map");
    for (const auto& entry : all) secrets.values_[entry.first.as<std::string>()] = entry.second.as<std::string>();
  } catch (const YAML::Exception& error) {
    // Without the parser's text, which may quote a secret.
    return fail(ErrorKind::usage, tr("The file with secrets is no YAML map of names to values"),
                file.string() + ":" + std::to_string(error.mark.line + 1), tr("write lines like NAME: value"));
  }
  return secrets;
}

Result<std::string> Secrets::get(const std::string& name) const {
  std::string value;
  if (const char* given = environment(name)) {
    value = given;
  } else if (const auto it = values_.find(name); it != values_.end()) {
    value = it->second;
  }
  if (value.empty()) {
    return fail(ErrorKind::usage, tr("{} is not set", name), {},
                file_.empty() ? tr("set it in the environment")
                              : tr("set it in the environment, or as a line in {} (chmod 600)", file_.string()));
  }
  if (value.size() >= shortest_redacted) {
    const std::scoped_lock lock(given_out().mutex);
    given_out().values.insert(value);
  }
  return value;
}

bool Secrets::has(const std::string& name) const {
  return environment(name) != nullptr || values_.contains(name);
}

const Secrets& no_secrets() {
  static const Secrets none;
  return none;
}

std::string redact(std::string text) {
  const std::scoped_lock lock(given_out().mutex);
  for (const auto& value : given_out().values) {
    for (std::size_t at = text.find(value); at != std::string::npos; at = text.find(value, at + 3)) {
      text.replace(at, value.size(), "***");
    }
  }
  return text;
}

}  // namespace twin
