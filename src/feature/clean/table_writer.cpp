#include "feature/clean/table_writer.h"

#include <algorithm>
#include <charconv>

namespace twin::feature::html {
namespace {

/// Spans beyond this are mistakes or attacks.
constexpr int max_span = 100;
constexpr std::size_t max_columns = 1000;
/// Rows are filled up to the widest one in tables of at most so many cells: one wide row among many must not multiply
/// them (GFM, "Tables": a row may have fewer cells).
constexpr std::size_t max_filled = 200'000;
/// Without a header, a cell longer than this is prose set in columns (numbered callouts, side by side texts).
constexpr std::size_t long_cell = 300;

bool arranges_content(Node* cell) {
  bool found = false;
  walk(cell, [&](Node* node) {
    found = found || one_of(name(node), "table pre h1 h2 h3 h4 h5 h6 ul ol dl blockquote hr");
    return !found;
  });
  return found;
}

int span_of(const Node* cell) {
  int span = 1;
  const auto text = attribute(cell, "colspan");
  std::from_chars(text.data(), text.data() + text.size(), span);
  return std::clamp(span, 1, max_span);
}

/// False when the row shows that the table is no data.
bool read_row(Node* row, const PageMap& page, Grid& grid) {
  auto& cells = grid.rows.emplace_back();
  bool header = true;
  for (Node* cell = first_child(row); cell != nullptr; cell = next_sibling(cell)) {
    if (!one_of(name(cell), "td th") || page.removed_itself(cell)) continue;
    if (arranges_content(cell)) return false;
    header = header && name(cell) == "th";
    cells.push_back(cell);
    cells.insert(cells.end(), static_cast<std::size_t>(span_of(cell) - 1), nullptr);
    if (cells.size() > max_columns) return false;
  }
  if (cells.empty()) {
    grid.rows.pop_back();
  } else if (grid.rows.size() == 1 && (header || name(parent(row)) == "thead")) {
    grid.header_rows = 1;
  }
  return true;
}

}  // namespace

std::optional<Grid> read_table(Node* table, const PageMap& page) {
  if (attribute(table, "role") == "presentation") return std::nullopt;
  Grid grid;
  bool data = true;
  walk(table, [&](Node* node) {
    if (!data || (is_element(node) && node != table && page.removed_itself(node))) return false;
    if (name(node) == "caption") {
      data = grid.caption == nullptr;
      grid.caption = node;
    }
    if (name(node) == "tr") {
      data = read_row(node, page, grid);
      return false;
    }
    return node == table || one_of(name(node), "thead tbody tfoot");
  });
  if (!data || grid.rows.empty()) return std::nullopt;
  const auto widest = std::max_element(grid.rows.begin(), grid.rows.end(),
                                       [](const auto& a, const auto& b) { return a.size() < b.size(); });
  if (widest->size() < 2) return std::nullopt;
  for (const auto& row : grid.rows) {
    for (const Node* cell : row) {
      if (grid.header_rows == 0 && cell != nullptr && text_length(cell) > long_cell) return std::nullopt;
    }
  }
  return grid;
}

std::string write_table(const std::vector<std::vector<std::string>>& rows, bool header) {
  std::size_t columns = 0;
  for (const auto& row : rows) columns = std::max(columns, row.size());
  const bool filled = columns <= max_filled / rows.size();
  std::string out;
  const auto line = [&](const std::vector<std::string>& cells) {
    out += '|';
    const std::size_t width = filled ? columns : std::max<std::size_t>(cells.size(), 1);
    for (std::size_t i = 0; i < width; ++i) {
      out += ' ';
      if (i < cells.size()) {
        for (const char c : cells[i]) {
          if (c == '|') out += '\\';
          out += c;
        }
      }
      out += " |";
    }
    out += '\n';
  };
  std::vector<std::string> head = header ? rows.front() : std::vector<std::string>{};
  head.resize(columns);  // as many cells as the line below it, else it is no table
  line(head);
  out += '|';
  for (std::size_t i = 0; i < columns; ++i) out += " --- |";
  out += '\n';
  for (std::size_t i = header ? 1 : 0; i < rows.size(); ++i) line(rows[i]);
  out.pop_back();
  return out;
}

}  // namespace twin::feature::html
