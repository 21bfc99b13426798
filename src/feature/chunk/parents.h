// Parents: the larger parts of a document that readers are given around the passages that were found.
#pragma once

#include <cstddef>
#include <vector>

#include "core/result.h"
#include "feature/chunk/frame.h"
#include "feature/chunk/sections.h"

namespace twin::feature {

/// What parents are made of: a chunk, by what it does not share with the one before.
struct Part {
  std::size_t section = 0;  ///< index into the sections
  int tokens = 0;           ///< without overlap, title and headings
};

/// Sets Chunk::parent. A parent is the largest part of the outline (the document, a heading with all below it, a
/// section) that has at most `parent_tokens`, headings inside it included; of a section that has more, a run of chunks.
/// With `by_outline` false the chunks cross sections and parents are runs. A chunk that would be its own parent has
/// none. parts[i] belongs to chunks[i]; tokens are sums over parts, not exact to the last one. Fails with the error of
/// the tokenizer.
[[nodiscard]] Result<void> set_parents(const ProseView& prose, const std::vector<Section>& sections,
                                       const std::vector<Part>& parts, int parent_tokens, bool by_outline,
                                       Framer& framer, std::vector<stores::Chunk>& chunks);

}  // namespace twin::feature
