#include "feature/chunk/sections.h"

namespace twin::feature {
namespace {

struct OpenHeading {
  int level = 0;
  std::string text;
  std::size_t block = 0;
};

Section open_section(const std::vector<OpenHeading>& open, const std::string& title, std::size_t block) {
  Section section{{}, block, block, {}};
  for (const OpenHeading& heading : open) {
    const bool repeats_title = section.headings.empty() && heading.text == title;
    if (repeats_title || heading.text.empty()) continue;
    section.headings.push_back(heading.text);
    section.heading_blocks.push_back(heading.block);
  }
  return section;
}

}  // namespace

std::string collapse_space(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
    if (!space) {
      out.push_back(c);
    } else if (!out.empty() && out.back() != ' ') {
      out.push_back(' ');
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::vector<Section> sections(const ProseView& prose, const std::string& title) {
  const std::string plain_title = collapse_space(title);
  std::vector<Section> out;
  std::vector<OpenHeading> open;
  bool inside = false;
  for (std::size_t i = 0; i < prose.blocks.size(); ++i) {
    const Block& block = prose.blocks[i];
    if (block.kind == Block::Kind::heading) {
      while (!open.empty() && open.back().level >= block.level) open.pop_back();
      open.push_back({block.level, collapse_space(text_of(prose, block.span)), i});
      inside = false;
      continue;
    }
    if (!inside) out.push_back(open_section(open, plain_title, i));
    inside = true;
    out.back().last = i + 1;
  }
  return out;
}

}  // namespace twin::feature
