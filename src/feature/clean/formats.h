// One function per format: decoded text → Cleaned. Called by clean().
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "feature/clean/clean.h"

namespace twin::feature {

[[nodiscard]] Result<Cleaned> clean_html(const std::string& utf8, const RawDocument& raw, const CleanRules& rules,
                                         const CleanOptions& options = {});

/// Front matter becomes metadata; line ends are normalized; the rest stays as the author wrote it.
[[nodiscard]] Cleaned clean_markdown(std::string utf8, const CleanOptions& options = {});

/// Plain text as Markdown that reads the same: paragraphs, lists and indented code are recognized, markup characters
/// escaped, the line ends of verse and chat kept.
[[nodiscard]] Cleaned clean_text(const std::string& utf8, const CleanOptions& options = {});

/// A source file as one fenced block.
[[nodiscard]] Cleaned clean_code(const std::string& utf8, const std::string& language,
                                 const CleanOptions& options = {});

/// Line ends to "\n"; control characters, zero-width spaces, soft hyphens and byte order marks out; no-break spaces to
/// spaces. `removed`, when given, takes what went, counted by kind.
[[nodiscard]] std::string normalize_characters(const std::string& utf8, bool spaces,
                                               std::vector<Removal>* removed = nullptr);

}  // namespace twin::feature
