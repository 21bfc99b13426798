#include "core/secrets.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>

#include "core/i18n.h"

namespace twin {
namespace {

/// Shorter values would blank out ordinary words.
constexpr std::size_t shortest_redacted = 6;

/// Every form of every secret given out, the longest first: one may be part of another.
struct GivenOut {
  std::mutex mutex;
  std::vector<std::string> values;
  std::atomic<bool> any{false};

  void add(std::string value) {
    const std::scoped_lock lock(mutex);
    if (std::find(values.begin(), values.end(), value) != values.end()) return;
    values.push_back(std::move(value));
    std::stable_sort(values.begin(), values.end(),
                     [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
    any = true;
  }
};

/// Never destroyed: threads may still log while the program exits.
GivenOut& given_out() {
  static auto* all = new GivenOut;
  return *all;
}

/// As in a URL's query.
std::string percent_encoded(const std::string& value) {
  constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : value) {
    if (unreserved.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

/// As between the quotes of a JSON string.
std::string json_escaped(const std::string& value) {
  std::string out;
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

void remember(const std::string& value) {
  if (value.size() < shortest_redacted) return;
  given_out().add(value);
  given_out().add(percent_encoded(value));
  given_out().add(json_escaped(value));
}

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
  remember(value);
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

std::string redact(std::string text) {
  if (!given_out().any) return text;
  const std::scoped_lock lock(given_out().mutex);
  for (const auto& value : given_out().values) {
    for (std::size_t at = text.find(value); at != std::string::npos; at = text.find(value, at + 3)) {
      text.replace(at, value.size(), "***");
    }
  }
  return text;
}

Error redact(Error error) {
  error.message = redact(std::move(error.message));
  error.where = redact(std::move(error.where));
  error.hint = redact(std::move(error.hint));
  return error;
}

bool holds_secret(std::string_view text) {
  if (!given_out().any) return false;
  const std::scoped_lock lock(given_out().mutex);
  return std::any_of(given_out().values.begin(), given_out().values.end(),
                     [&](const std::string& value) { return text.find(value) != std::string_view::npos; });
}

}  // namespace twin
