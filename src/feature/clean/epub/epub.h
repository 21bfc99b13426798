// EPUB 2 and 3 → Markdown.
#pragma once

#include "core/result.h"
#include "feature/clean/clean.h"

namespace twin::feature {

/// The chapters in the order of the spine, each through the HTML cleaner; what the spine does not name (covers, the
/// navigation) is left out. Metadata from the package document. A damaged chapter is noted, the others are kept.
[[nodiscard]] Result<Cleaned> clean_epub(const RawDocument& raw, const CleanRules& rules);

}  // namespace twin::feature
