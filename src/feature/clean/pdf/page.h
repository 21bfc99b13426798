// The text of a PDF with its places on the pages, as `pdftotext -bbox-layout` gives it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "feature/format_rules.h"

namespace twin::feature::pdf {

struct Line {
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;  ///< points from the upper left corner
  std::string text;
  [[nodiscard]] double height() const { return y1 - y0; }
};

struct Block {
  std::vector<Line> lines;
};

struct Page {
  double width = 0, height = 0;
  std::vector<Block> blocks;  ///< in reading order
};

/// pdftotext's XHTML. Characters that XML does not allow are repaired before.
[[nodiscard]] Result<std::vector<Page>> parse_pages(std::string_view xhtml, const FormatRules& rules);

/// Headers, footers and page numbers: lines in the margin of several pages that differ only in their numbers; of a
/// document of one page its number. They are taken out; returns what each read and on how many pages.
struct Furniture {
  std::string text;
  int pages = 0;
};
[[nodiscard]] std::vector<Furniture> remove_furniture(std::vector<Page>& pages);

/// Headings by the size of their letters, paragraphs joined over lines, columns and pages, lists.
[[nodiscard]] std::string markdown_of(const std::vector<Page>& pages);

}  // namespace twin::feature::pdf
