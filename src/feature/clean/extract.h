// One page or file as `twin extract` shows it: cleaned, without a project around it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "feature/category.h"
#include "feature/clean/clean.h"

namespace twin::feature {

struct Extract {
  std::string title;
  std::optional<std::string> author;     ///< several are joined by ", "
  std::optional<std::string> published;  ///< "2024-03-05", in the time zone of the page
  std::optional<std::string> modified;
  std::string language;  ///< primary subtag
  std::string url;       ///< the page's canonical link, else where it was read from
  std::string text;      ///< prose view
  std::string markdown;
  std::string source;  ///< what read it: "article", "markdown", "text", "code"
};

/// Cleans the bytes and puts them into this form. Errors are those of clean().
[[nodiscard]] Result<Extract> extract(const RawDocument& raw, const CleanRules& rules);

/// The media type of bytes whose sender names none: by the file's name, else HTML where markup begins them, else plain
/// text.
[[nodiscard]] std::string guess_media_type(std::string_view name, std::string_view bytes);

}  // namespace twin::feature
