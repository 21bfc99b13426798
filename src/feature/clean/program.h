// Outside programs that read foreign formats: pdftotext, tesseract.
#pragma once

#include <string>
#include <vector>

#include "core/process.h"
#include "feature/format_rules.h"

namespace twin::feature {

/// Runs a program over `input` (its standard input) within the limits of the rules, in a folder of its own that is gone
/// afterwards. A missing program is an error that names the Debian package.
[[nodiscard]] Result<ProcessOutput> run_program(const std::vector<std::string>& argv, const std::string& input,
                                                const std::string& package, const FormatRules& rules);

}  // namespace twin::feature
