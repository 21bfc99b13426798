// Jupyter notebooks (nbformat 3 and 4) → Markdown.
#pragma once

#include "core/result.h"
#include "feature/clean/clean.h"

namespace twin::feature {

/// Markdown cells as they are, code cells fenced with the kernel's language, raw cells as text. What cells printed is
/// kept when the rules ask for it, each up to their limit, without terminal colours; images never.
[[nodiscard]] Result<Cleaned> clean_notebook(const std::string& utf8, const RawDocument& raw, const FormatRules& rules);

}  // namespace twin::feature
