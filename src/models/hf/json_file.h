// A JSON file that may be absent.
#pragma once

#include <filesystem>

#include "core/json.h"

namespace twin::models {

/// null when the file is absent, a discarded value when it is not JSON: neither is_object().
[[nodiscard]] Json read_json_file(const std::filesystem::path& path);

}  // namespace twin::models
