#include "feature/training_sets/set_output.h"

#include <system_error>

namespace twin::feature {

SetOutput::SetOutput(const std::filesystem::path& file) {
  if (!is_parquet(file.string())) {
    lines_ = std::make_unique<LineFile>(file);
    return;
  }
  std::error_code ignored;  // the program says it, where the folder cannot be made
  std::filesystem::create_directories(std::filesystem::absolute(file).parent_path(), ignored);
  rows_ = std::make_unique<ParquetWriter>(file, ParquetRows::samples);
}

void SetOutput::line(std::string_view text) {
  if (lines_) {
    lines_->line(text);
  } else {
    rows_->line(text);
  }
}

void SetOutput::finish() {
  if (lines_) {
    lines_->finish();
  } else {
    rows_->finish();
  }
}

}  // namespace twin::feature
