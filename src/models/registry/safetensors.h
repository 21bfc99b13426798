// Reading of safetensors files: an 8-byte little-endian header length, a JSON header, then raw tensors.
// https://github.com/huggingface/safetensors#format
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/result.h"

namespace twin::models {

struct SafetensorEntry {
  std::string dtype;                ///< F32, F16, BF16, I64 …
  std::vector<std::int64_t> shape;  ///< outermost dimension first
  std::uint64_t begin = 0;          ///< byte offsets in the file
  std::uint64_t end = 0;
  [[nodiscard]] std::uint64_t elements() const;
};

/// Immutable after open(); reads tensor by tensor, so that memory holds one at a time.
class Safetensors {
 public:
  static constexpr std::uint64_t max_header_bytes = 100'000'000;  ///< the limit of the format's own library

  /// ErrorKind::invalid when the header is not well-formed or a tensor lies outside the file.
  [[nodiscard]] static Result<Safetensors> open(const std::filesystem::path& path);

  [[nodiscard]] const std::map<std::string, SafetensorEntry>& entries() const { return entries_; }
  /// The values of an F32, F16 or BF16 tensor, row-major.
  [[nodiscard]] Result<std::vector<float>> read(const std::string& name) const;
  /// The bytes of a tensor of any type, as stored.
  [[nodiscard]] Result<std::string> read_bytes(const std::string& name) const;

 private:
  std::filesystem::path path_;
  std::map<std::string, SafetensorEntry> entries_;
};

}  // namespace twin::models
