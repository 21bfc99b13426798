// Frame: what stands around a passage in the retrieval view, and the tokens it leaves to the passage.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/result.h"
#include "feature/chunk/chunk.h"
#include "feature/chunk/sections.h"

namespace twin::feature {

/// Title and headings as they go into the retrieval view.
struct Frame {
  std::string title;
  std::vector<std::string> headings;
  int capacity = 0;  ///< tokens of the passages themselves
};

class Framer {
 public:
  /// `window`: the embedder's, without special tokens. References outlive the framer.
  Framer(const std::string& title, int max_tokens, int window, const TokenCount& count)
      : title_(collapse_space(title)), max_tokens_(max_tokens), window_(window), count_(count) {}

  /// Title and headings, shortened where they would leave the passage less than half of the window: outer headings go
  /// first, then the end of the title.
  [[nodiscard]] Result<Frame> frame_of(const Section& section);
  /// Tokens of a title or heading. They repeat: each is counted once. One too long to be counted at all is taken by its
  /// bytes.
  [[nodiscard]] Result<int> label_size(const std::string& label);

 private:
  std::string title_;
  int max_tokens_;
  int window_;
  const TokenCount& count_;
  std::map<std::string, int> labels_;
};

}  // namespace twin::feature
