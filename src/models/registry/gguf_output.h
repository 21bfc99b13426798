// Writing a GGUF file tensor by tensor: the metadata is set by the caller, memory holds one tensor at a time.
#pragma once

#include <ggml.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/result.h"

struct gguf_context;

namespace twin::models {

struct GgufPlace {
  std::string name;
  std::vector<std::int64_t> shape;  ///< innermost first, as ggml has it
  ggml_type type = GGML_TYPE_F32;
};

/// Writes `path`: what is set in `out`, then the tensors with the bytes that `data` gives for each (by its index in
/// `tensors`), in order. Errors: of `data`, or ErrorKind::io; the file is incomplete then.
[[nodiscard]] Result<void> write_gguf_file(gguf_context* out, const std::vector<GgufPlace>& tensors,
                                           const std::function<Result<std::string>(std::size_t)>& data,
                                           const std::filesystem::path& path);

}  // namespace twin::models
