// The tensors of a GGUF file, read and widened to float32 a few rows at a time, so that memory holds no whole tensor.
#pragma once

#include <ggml.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/result.h"
#include "models/registry/gguf_file.h"

namespace twin::models {

struct GgufTensor {
  std::string name;
  ggml_type type = GGML_TYPE_F32;
  std::array<std::int64_t, GGML_MAX_DIMS> sizes = {1, 1, 1, 1};  ///< innermost first, as ggml has it
  int dimensions = 1;
  std::uint64_t offset = 0;  ///< in the file
  std::uint64_t bytes = 0;

  [[nodiscard]] std::int64_t columns() const { return sizes[0]; }
  [[nodiscard]] std::int64_t rows() const { return sizes[1] * sizes[2] * sizes[3]; }
  /// Whether ggml can turn it into floats; integers it cannot.
  [[nodiscard]] bool widens() const;
};

class GgufRows {
 public:
  /// ErrorKind::invalid as GgufFile::open, and for a part of a model that is split into several files.
  [[nodiscard]] static Result<GgufRows> open(const std::filesystem::path& path);
  ~GgufRows();
  GgufRows(GgufRows&& other) noexcept;
  GgufRows& operator=(GgufRows&&) = delete;

  [[nodiscard]] const GgufFile& file() const { return file_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// In the order of the file.
  [[nodiscard]] const std::vector<GgufTensor>& tensors() const { return tensors_; }
  /// nullptr when absent.
  [[nodiscard]] const GgufTensor* find(const std::string& name) const;
  /// `count` rows from `first` on, row-major, into `values` (made that long).
  [[nodiscard]] Result<void> read(const GgufTensor& tensor, std::int64_t first, std::int64_t count,
                                  std::vector<float>& values) const;
  /// The bytes as stored, from `first` (of the tensor) on.
  [[nodiscard]] Result<void> read_bytes(const GgufTensor& tensor, std::uint64_t first, std::uint64_t count,
                                        std::vector<char>& bytes) const;

 private:
  GgufRows(GgufFile file, std::filesystem::path path, int fd);

  GgufFile file_;
  std::filesystem::path path_;
  int fd_ = -1;
  std::vector<GgufTensor> tensors_;
};

}  // namespace twin::models
