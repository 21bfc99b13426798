// What a folder says about the licence of the model in it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace twin::models {

struct Licence {
  std::string name;  ///< SPDX id or name, empty when unknown
  std::string text;  ///< empty when no file holds it
};

/// Name: the model card's (README.md, front matter), else the package's (METADATA). Text: LICENSE, COPYING, NOTICE and
/// terms files. `max_text` bytes are kept of each.
[[nodiscard]] Licence find_licence(const std::filesystem::path& folder, std::size_t max_text = 512u << 10);

/// `license:` of a model card's YAML front matter.
[[nodiscard]] std::string card_licence(const std::string& readme);

/// Values of a header in package metadata (RFC 822 style), in order.
[[nodiscard]] std::vector<std::string> metadata_values(const std::string& metadata, const std::string& name);

}  // namespace twin::models
