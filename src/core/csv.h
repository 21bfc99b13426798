// Comma-separated values (RFC 4180), by libcsv.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace twin {

struct CsvLimits {
  std::size_t max_rows = 1'000'000;
  std::size_t max_field_bytes = 16u << 20;
};

using CsvRow = std::vector<std::string>;

/// Gives each row that has any field to `row`, which returns false to stop. Line ends inside quoted fields are kept;
/// blanks around unquoted fields and empty lines are not. Text with stray quotes is read as it stands; a quoted field
/// that never ends is ErrorKind::invalid after the rows before it.
[[nodiscard]] Result<void> read_csv(std::string_view utf8, const std::function<bool(CsvRow&&)>& row,
                                    const CsvLimits& limits = {});

}  // namespace twin
