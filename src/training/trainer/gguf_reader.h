// Reads weights from a GGUF file: tensors dequantized to float, and the metadata that goes with them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "models/registry/gguf_file.h"
#include "training/trainer/frozen_matrix.h"

namespace twin::training {

class GgufReader {
 public:
  /// A file that is not GGUF, is truncated, or whose tensors reach beyond its end is ErrorKind::invalid.
  [[nodiscard]] static Result<GgufReader> open(const std::filesystem::path& path);
  ~GgufReader();
  GgufReader(GgufReader&&) noexcept;
  GgufReader& operator=(GgufReader&&) = delete;

  /// nullopt when the key is absent or of another type.
  [[nodiscard]] std::optional<std::int64_t> integer(const std::string& key) const { return file_.number(key); }
  [[nodiscard]] std::optional<double> number(const std::string& key) const;
  [[nodiscard]] std::optional<std::string> text(const std::string& key) const { return file_.text(key); }

  /// Ids of those of the texts that are tokens of the vocabulary.
  [[nodiscard]] std::vector<std::int64_t> tokens(const std::vector<std::string>& texts) const;

  [[nodiscard]] bool has(const std::string& tensor) const;
  /// Slowest dimension first, so a weight is {rows (outputs), columns (inputs)}. Empty when absent.
  [[nodiscard]] std::vector<std::int64_t> shape(const std::string& tensor) const;
  /// Bytes in the file, and whether they are blocks of few bits; 0 and false when absent.
  [[nodiscard]] std::int64_t bytes(const std::string& tensor) const;
  [[nodiscard]] bool is_quantized(const std::string& tensor) const;
  /// All elements, row-major, of any type that ggml can turn into floats.
  [[nodiscard]] Result<std::vector<float>> read(const std::string& tensor) const;
  /// A matrix as the file has it: in blocks, or dense when it is not quantized.
  [[nodiscard]] Result<FrozenMatrix> read_matrix(const std::string& tensor) const;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// The metadata as a whole.
  [[nodiscard]] const models::GgufFile& file() const { return file_; }

 private:
  GgufReader(models::GgufFile file, std::filesystem::path path, int fd);

  [[nodiscard]] Result<void> read_bytes(const std::string& tensor, void* bytes) const;

  models::GgufFile file_;
  std::filesystem::path path_;
  int fd_ = -1;
};

}  // namespace twin::training
