// Tokens and keys: where they come from, and that they go nowhere else.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace twin {

/// Secrets by name ("NOTION_TOKEN"). They are never in twin.yaml, logs, runs, traces or exports: whatever was given out
/// by get() is replaced by "***" in every log line and error text (see redact()).
class Secrets {
 public:
  Secrets() = default;
  /// From the environment first (the name as it is), then from the files, the first that has the name wins. Each is a
  /// YAML map of names to values that only its owner may read: another mode than 0600 (or 0400) is ErrorKind::usage
  /// with the chmod to run. A missing file is no error.
  [[nodiscard]] static Result<Secrets> load(const std::vector<std::filesystem::path>& files);
  /// $XDG_CONFIG_HOME/twin/secrets.yaml, else ~/.config/twin/secrets.yaml; empty when there is no home.
  [[nodiscard]] static std::filesystem::path user_file();

  /// The value; ErrorKind::usage saying the places where it can be put when there is none.
  [[nodiscard]] Result<std::string> get(const std::string& name) const;
  [[nodiscard]] bool has(const std::string& name) const;

 private:
  std::filesystem::path file_;  ///< the first one, for messages
  std::map<std::string, std::string> values_;
};

/// Reads the environment only.
[[nodiscard]] const Secrets& no_secrets();

/// The text with every secret given out so far replaced by "***", also where it is percent-encoded or escaped for JSON.
/// Values below six bytes are left: they would blank out ordinary words. Thread-safe.
[[nodiscard]] std::string redact(std::string text);
/// The same for an error's message, place and hint.
[[nodiscard]] Error redact(Error error);
/// Whether redact() would change the text.
[[nodiscard]] bool holds_secret(std::string_view text);

}  // namespace twin
