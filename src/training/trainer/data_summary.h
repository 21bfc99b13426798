// What a file of samples holds, for the model card.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace twin::training {

struct DataSummary {
  static constexpr std::int64_t looked_at = 2000;  ///< lines at most, spread over the file

  std::string name, sha256;
  std::int64_t lines = 0;                          ///< that are not empty
  std::int64_t inspected = 0;                      ///< of them, for languages
  std::map<std::string, std::int64_t> languages;   ///< code to lines among those; "?" unknown
  std::int64_t documents = 0;                      ///< distinct metadata.document_id; 0: lines do not name any
  std::map<std::string, std::int64_t> generators;  ///< metadata.generator to lines, where lines name one
};

/// Reads the file once, line by line. Never fails: the run that learned from it has read it before; a line that is no
/// JSON counts as a line.
[[nodiscard]] DataSummary summarize_data(const std::filesystem::path& file);

}  // namespace twin::training
