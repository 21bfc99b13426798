// HTML tables: which hold data, and how data is written as a GFM table.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "feature/clean/dom.h"
#include "feature/clean/page_map.h"

namespace twin::feature::html {

struct Grid {
  std::vector<std::vector<Node*>> rows;  ///< cells; null where a neighbour spans columns
  int header_rows = 0;
  Node* caption = nullptr;
};

/// The cells of a table of data; nullopt for a table that only arranges content (one column, or cells that hold
/// headings, lists, code or further tables).
[[nodiscard]] std::optional<Grid> read_table(Node* table, const PageMap& page);

/// Rows of Markdown cells as a GFM table. Without a header row an empty one is written: GFM demands one.
[[nodiscard]] std::string write_table(const std::vector<std::vector<std::string>>& rows, bool header);

}  // namespace twin::feature::html
