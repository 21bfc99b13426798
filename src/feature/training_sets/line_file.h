// A file of lines that is written bit by bit and appears whole, or not at all.
#pragma once

#include <cstdio>
#include <filesystem>
#include <string_view>

namespace twin::feature {

/// Writes below a temporary name in the same folder; finish() syncs and renames. Without finish() nothing is left.
/// Throws Fatal (ErrorKind::io) when the disk fails.
class LineFile {
 public:
  explicit LineFile(std::filesystem::path file);
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  void line(std::string_view text);
  void finish();

 private:
  [[noreturn]] void failed() const;
  std::filesystem::path file_, temporary_;
  std::FILE* out_ = nullptr;
};

}  // namespace twin::feature
