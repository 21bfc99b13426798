// Captions: which track, and its XML as paragraphs of text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace twin::feature::youtube {

struct Track {
  std::string url;
  std::string language;  ///< "ko", "en-US"
  bool automatic = false;
};

/// By preference: for each language in order its manual track, then its automatic one ("en" takes "en-GB" too). None of
/// them there: the first manual track, then the first automatic one, unless `only_preferred`.
[[nodiscard]] std::optional<Track> choose_track(const std::vector<Track>& tracks,
                                                const std::vector<std::string>& languages, bool only_preferred);

struct Segment {
  std::int64_t start_ms = 0, duration_ms = 0;
  std::string text;  ///< one line
};

/// Both forms of the service's XML: <transcript><text start dur>, and format 3: <timedtext><body><p t d>. Text is
/// escaped twice in the first. Sounds in brackets ("[음악]", "[Applause]") are left out.
[[nodiscard]] Result<std::vector<Segment>> parse_captions(std::string_view xml);

struct ParagraphRules {
  int pause_ms = 2'500;      ///< a silence this long begins a paragraph
  int max_characters = 700;  ///< longer ones end with the next sentence, at the latest at twice the length
};

/// Segments joined; paragraphs separated by an empty line.
[[nodiscard]] std::string paragraphs(const std::vector<Segment>& segments, const ParagraphRules& rules);

}  // namespace twin::feature::youtube
