// What several targets require of cleaned documents and views.
#pragma once

#include <string>

#include "core/text/unicode.h"
#include "feature/chunk/chunk.h"
#include "feature/clean/clean.h"
#include "fuzz.h"

namespace twin::fuzz {

inline void require_utf8(const std::string& text, const char* what) {
  require(text::first_invalid_utf8(text) == std::string::npos, what);
}

/// Views and chunks of Markdown lie where they say, and hold valid text.
inline void require_sound_views(const std::string& markdown) {
  const feature::ProseView prose = feature::prose_view(markdown);
  require_utf8(prose.text, "the prose view is UTF-8");
  std::size_t last = 0;
  for (const feature::Block& block : prose.blocks) {
    require(block.span.start >= last && block.span.end >= block.span.start, "blocks come in order");
    last = block.span.end;
  }
  require(last <= prose.text.size(), "blocks lie in the text");
  const auto count = [](std::string_view text) -> Result<int> { return static_cast<int>(text.size() / 4 + 1); };
  const auto chunks = feature::chunk_document("doc", 1, "Title", prose, {}, 128, count);
  require(chunks.has_value(), "a document can be cut");
  for (const auto& chunk : *chunks) {
    require(chunk.start <= chunk.end && chunk.end <= prose.text.size(), "chunks lie in the text");
    require_utf8(chunk.text, "chunks are UTF-8");
  }
}

/// clean() of these bytes as this type.
inline void clean_as(const char* type, std::string_view bytes) {
  feature::RawDocument raw;
  raw.url = "https://example.org/page";
  raw.media_type = type;
  raw.bytes = std::string(bytes);
  const auto cleaned = feature::clean(raw, {});
  if (!cleaned) {
    require(!cleaned.error().message.empty(), "an error says what happened");
    return;
  }
  require_utf8(cleaned->markdown, "the Markdown is UTF-8");
  require_utf8(cleaned->title, "the title is UTF-8");
  for (const auto& [key, value] : cleaned->metadata) require_utf8(key + value, "metadata is UTF-8");
  require_sound_views(cleaned->markdown);
}

}  // namespace twin::fuzz
