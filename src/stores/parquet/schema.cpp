#include <arrow/type.h>

#include "stores/parquet/rows.h"

namespace twin::stores::parquet {

std::shared_ptr<arrow::Schema> schema() {
  const auto& text = arrow::utf8();
  const auto texts = arrow::list(arrow::field("element", text));
  const auto time = arrow::timestamp(arrow::TimeUnit::MILLI, "UTC");
  // In the order of the keys of a JSON line.
  return arrow::schema({
      arrow::field("type", text, /*nullable=*/false),
      arrow::field("id", text),
      arrow::field("url", text),
      arrow::field("source", text),
      arrow::field("category", text),
      arrow::field("author_ids", texts),
      arrow::field("title", text),
      arrow::field("body", text),
      arrow::field("raw_sha256", text),
      arrow::field("raw_type", text),
      arrow::field("language", text),
      arrow::field("published", time),
      arrow::field("fetched", time),
      arrow::field("content_hash", text),
      arrow::field("version", arrow::int32()),
      arrow::field("deleted", arrow::boolean()),
      arrow::field("deleted_at", time),
      arrow::field("metadata", arrow::map(text, text)),
      arrow::field("name", text),
      arrow::field("aliases", texts),
  });
}

}  // namespace twin::stores::parquet
