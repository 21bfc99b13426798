#include "stores/parquet/row_lines.h"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/i18n.h"

namespace twin::stores::parquet {

void RowLines::add(const Json& row) {
  lines_ << row.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
  ++rows_;
}

void RowLines::check() const {
  if (!lines_) throw std::runtime_error(tr("cannot write: {}", "stdout"));
}

std::int64_t RowLines::finish() {
  lines_.flush();
  check();
  return rows_;
}

}  // namespace twin::stores::parquet
