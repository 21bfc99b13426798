#include "core/secrets.h"

#include <sys/stat.h>
#include <yaml-cpp/yaml.h>

#include <cstdlib>

#include "core/i18n.h"
#include "core/redact.h"

namespace twin {
namespace {

const char* environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value != nullptr && *value != '\0' ? value : nullptr;
}

Result<void> read_file(const std::filesystem::path& file, std::map<std::string, std::string>& values) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return {};
  if ((status.st_mode & 077) != 0) {
    return fail(ErrorKind::usage, tr("Others may read this file with secrets"), file.string(),
                tr("run: chmod 600 {}", file.string()));
  }
  try {
    const YAML::Node all = YAML::LoadFile(file.string());
    if (!all.IsMap() && !all.IsNull()) throw YAML::Exception(all.Mark(), "not a map");
    for (const auto& entry : all) values.emplace(entry.first.as<std::string>(), entry.second.as<std::string>());
  } catch (const YAML::Exception& error) {
    // Without the parser's text, which may quote a secret.
    return fail(ErrorKind::usage, tr("The file with secrets is no YAML map of names to values"),
                file.string() + ":" + std::to_string(error.mark.line + 1), tr("write lines like NAME: value"));
  }
  return {};
}

}  // namespace

Result<Secrets> Secrets::load(const std::vector<std::filesystem::path>& files) {
  Secrets secrets;
  if (!files.empty()) secrets.file_ = files.front();
  for (const auto& file : files) {
    if (auto read = read_file(file, secrets.values_); !read) return tl::unexpected(std::move(read.error()));
  }
  return secrets;
}

std::filesystem::path Secrets::user_file() {
  if (const char* config = environment("XDG_CONFIG_HOME")) return std::filesystem::path(config) / "twin/secrets.yaml";
  if (const char* home = environment("HOME")) return std::filesystem::path(home) / ".config/twin/secrets.yaml";
  return {};
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
  remember_secret(value);
  return value;
}

bool Secrets::has(const std::string& name) const {
  if (environment(name) != nullptr) return true;
  const auto it = values_.find(name);
  return it != values_.end() && !it->second.empty();
}

const Secrets& no_secrets() {
  static const Secrets none;
  return none;
}

}  // namespace twin
