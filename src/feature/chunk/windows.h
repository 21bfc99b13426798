// Windows: strategy "fixed", runs of as many tokens as fit, whatever the text is.
#pragma once

#include "core/result.h"
#include "feature/chunk/units.h"

namespace twin::feature {

/// The window at the beginning of `rest`, filled to about nine tenths of `capacity` or more and cut between words (of
/// text without spaces: characters). What would leave less than `least` tokens behind it ends in the middle instead.
/// `bytes_per_token`: as in UnitSplitter::first_piece().
[[nodiscard]] Result<Unit> first_window(const ProseView& prose, UnitSplitter& splitter, text::Span rest, int capacity,
                                        int least, double& bytes_per_token);

}  // namespace twin::feature
