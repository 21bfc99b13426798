// Sections: what stands under one heading path. Chunks and dataset answers never cross them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "feature/clean/clean.h"

namespace twin::feature {

/// The blocks between one heading and the next, of whatever level; the heading itself is not among them.
struct Section {
  std::vector<std::string> headings;  ///< path from below the document's title down; white space collapsed
  std::size_t first = 0;              ///< index into ProseView::blocks
  std::size_t last = 0;               ///< one past the last block
  /// Of `headings`: where they stand, as indices into ProseView::blocks. Two of equal text are told apart by it.
  std::vector<std::size_t> heading_blocks;
};

/// Sections that hold at least one block, in order. A top heading that only repeats the title is not in the path.
[[nodiscard]] std::vector<Section> sections(const ProseView& prose, const std::string& title);

/// The bytes of a span.
[[nodiscard]] inline std::string_view text_of(const ProseView& prose, text::Span span) {
  return std::string_view(prose.text).substr(span.start, span.end - span.start);
}

/// Runs of white space become one space; none at the ends.
[[nodiscard]] std::string collapse_space(std::string_view text);

/// Whether a block is running text, as opposed to code, tables and headings.
[[nodiscard]] inline bool is_prose(const Block& block) {
  return block.kind == Block::Kind::paragraph || block.kind == Block::Kind::list_item ||
         block.kind == Block::Kind::quote;
}

}  // namespace twin::feature
