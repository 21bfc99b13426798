// Reading and writing safetensors files: an 8-byte little-endian header length, a JSON header, then raw tensors.
// https://github.com/huggingface/safetensors#format
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>

#include "core/result.h"

namespace twin::training {

/// Tensors of bytes as they are, others as float32, in order of name, with text metadata. Atomic and durable; the same
/// input gives the same bytes.
[[nodiscard]] Result<void> write_safetensors(const std::filesystem::path& file,
                                             const std::map<std::string, at::Tensor>& tensors,
                                             const std::map<std::string, std::string>& metadata);

/// One tensor in the given shape, uint8 or float32 as in the file; another shape or a missing tensor is
/// ErrorKind::invalid.
[[nodiscard]] Result<at::Tensor> read_tensor(const std::filesystem::path& file, const std::string& name,
                                             const std::vector<std::int64_t>& shape);

}  // namespace twin::training
