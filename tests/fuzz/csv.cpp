// Comma-separated values, and the tables of a LinkedIn export.
#include "core/csv.h"

#include "core/text/unicode.h"
#include "feature/sources/linkedin_export/table.h"
#include "fuzz.h"

using namespace twin;

TWIN_FUZZ(csv, bytes) {
  const CsvLimits limits{.max_rows = 100, .max_field_bytes = 1000};
  std::size_t rows = 0;
  const auto read = read_csv(
      bytes,
      [&](CsvRow&& row) {
        ++rows;
        fuzz::require(!row.empty(), "a row has a field");
        for (const auto& field : row)
          fuzz::require(field.size() <= limits.max_field_bytes, "the limit of a field holds");
        return true;
      },
      limits);
  fuzz::require(read || !read.error().message.empty(), "an error says what happened");
  fuzz::require(rows <= limits.max_rows, "the limit of rows holds");
  const auto table = feature::linkedin::read_table(text::repair_utf8(bytes));
  for (const auto& row : table.rows) {
    for (const auto& [column, value] : row) (void)feature::linkedin::plain_text(value);
  }
}
