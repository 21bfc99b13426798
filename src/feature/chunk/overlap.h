// Overlap: where a chunk begins when it repeats the end of the one before it.
#pragma once

#include <cstddef>
#include <vector>

#include "core/result.h"
#include "core/text/splitter.h"
#include "feature/chunk/pack.h"
#include "feature/chunk/units.h"

namespace twin::feature {

/// All return `start` where nothing fits, repeat at most `overlap` tokens, and never the whole chunk before.
struct Overlap {
  const ProseView& prose;
  const text::SentenceSplitter& sentences;
  UnitSplitter& splitter;
  int tokens = 0;

  /// The last whole sentences of the group's last unit, which may be a paragraph.
  [[nodiscard]] Result<std::size_t> sentences_before(const std::vector<Unit>& units, const Group& before,
                                                     std::size_t start) const;
  /// The last units of running text of the group, which are sentences.
  [[nodiscard]] std::size_t units_before(const std::vector<Unit>& units, const Group& before, std::size_t start) const;
  /// The last words of `before`; characters where it has no spaces. `before` begins and ends with a whole character.
  [[nodiscard]] Result<std::size_t> words_before(const Unit& before, std::size_t start) const;
};

}  // namespace twin::feature
