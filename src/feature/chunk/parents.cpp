#include "feature/chunk/parents.h"

#include <algorithm>

namespace twin::feature {
namespace {

class ParentMaker {
 public:
  ParentMaker(const std::vector<Section>& sections, const std::vector<Part>& parts, int limit,
              std::vector<stores::Chunk>& chunks)
      : sections_(sections), parts_(parts), limit_(limit), chunks_(chunks) {}

  /// Tokens of headings before each block.
  Result<void> count_headings(const ProseView& prose, Framer& framer) {
    headings_.assign(1, 0);
    for (const Block& block : prose.blocks) {
      int tokens = 0;
      if (block.kind == Block::Kind::heading) {
        const Result<int> size = framer.label_size(collapse_space(text_of(prose, block.span)));
        if (!size) return tl::unexpected(size.error());
        tokens = *size;
      }
      headings_.push_back(headings_.back() + tokens);
    }
    return {};
  }

  /// Chunks [first, last), all below the same `depth` headings.
  void by_outline(std::size_t first, std::size_t last, std::size_t depth) {
    if (tokens(first, last) <= limit_) return set(first, last);
    while (first < last) {
      std::size_t end = first + 1;
      while (end < last && heading(end, depth) == heading(first, depth)) ++end;
      if (heading(first, depth) == none) {
        by_runs(first, end);
      } else {
        by_outline(first, end, depth + 1);
      }
      first = end;
    }
  }

  /// As many chunks at a time as fit.
  void by_runs(std::size_t first, std::size_t last) {
    while (first < last) {
      std::size_t end = first + 1;
      while (end < last && tokens(first, end + 1) <= limit_) ++end;
      set(first, end);
      first = end;
    }
  }

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  [[nodiscard]] const Section& section_of(std::size_t chunk) const { return sections_[parts_[chunk].section]; }
  [[nodiscard]] std::size_t heading(std::size_t chunk, std::size_t depth) const {
    const auto& path = section_of(chunk).heading_blocks;
    return depth < path.size() ? path[depth] : none;
  }
  [[nodiscard]] int tokens(std::size_t first, std::size_t last) const {
    int sum = headings_[section_of(last - 1).first] - headings_[section_of(first).first];
    for (std::size_t i = first; i < last && sum <= limit_; ++i) sum += parts_[i].tokens;
    return sum;
  }

  void set(std::size_t first, std::size_t last) {
    if (last - first < 2) return;
    stores::ParentSpan parent{chunks_[first].start, chunks_[last - 1].end, 0};
    const auto& path = section_of(first).heading_blocks;
    std::size_t shared = path.size();
    for (std::size_t i = first; i < last; ++i) {
      const auto& other = section_of(i).heading_blocks;
      const auto [differs, ignored] =
          std::mismatch(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(shared), other.begin(), other.end());
      shared = static_cast<std::size_t>(differs - path.begin());
    }
    parent.headings = static_cast<int>(shared);
    for (std::size_t i = first; i < last; ++i) chunks_[i].parent = parent;
  }

  const std::vector<Section>& sections_;
  const std::vector<Part>& parts_;
  int limit_;
  std::vector<stores::Chunk>& chunks_;
  std::vector<int> headings_;  ///< [i]: tokens of the headings before block i
};

}  // namespace

Result<void> set_parents(const ProseView& prose, const std::vector<Section>& sections, const std::vector<Part>& parts,
                         int parent_tokens, bool by_outline, Framer& framer, std::vector<stores::Chunk>& chunks) {
  if (chunks.empty()) return {};
  ParentMaker maker(sections, parts, parent_tokens, chunks);
  if (Result<void> counted = maker.count_headings(prose, framer); !counted) return counted;
  if (by_outline) {
    maker.by_outline(0, chunks.size(), 0);
  } else {
    maker.by_runs(0, chunks.size());
  }
  return {};
}

}  // namespace twin::feature
