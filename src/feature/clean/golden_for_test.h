// Golden files: expected outputs beside their inputs. TWIN_UPDATE_GOLDEN=1 rewrites them; review the change like code.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/files.h"

namespace twin::feature {

inline void check_golden(const std::filesystem::path& file, const std::string& actual) {
  if (const char* update = std::getenv("TWIN_UPDATE_GOLDEN"); update != nullptr && std::string(update) == "1") {
    REQUIRE(disk().write(file, actual));
  }
  const auto expected = disk().read(file);
  REQUIRE_MESSAGE(expected, "missing: ", file.string());
  CHECK_MESSAGE(*expected == actual, file.string());
}

inline std::filesystem::path testdata() {
  return std::filesystem::path(TWIN_SOURCE_DIR) / "src/feature/clean/testdata";
}

}  // namespace twin::feature
