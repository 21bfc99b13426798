#include "models/merge/float_type.h"

#include <ggml.h>

#include <cmath>
#include <cstring>

#include "core/i18n.h"
#include "core/text/ascii.h"

namespace twin::models {
namespace {

constexpr float largest_f16 = 65504.0F;

Result<void> check_values(FloatType type, const float* values, std::int64_t count, const std::string& tensor) {
  float largest = 0;
  bool finite = true;
  for (std::int64_t i = 0; i < count; ++i) {
    largest = std::max(largest, std::abs(values[i]));
    finite = finite && std::isfinite(values[i]);
  }
  if (!finite) {
    return fail(ErrorKind::invalid, tr("Tensor {} is no longer finite after the merge", tensor), {},
                tr("The adapter holds values that are not numbers: train it again"));
  }
  if (type == FloatType::f16 && largest > largest_f16) {
    return fail(ErrorKind::invalid, tr("A value of tensor {} is too large for f16: {}", tensor, largest), {},
                tr("Use --type bf16 or --type f32"));
  }
  return {};
}

}  // namespace

Result<FloatType> float_type_named(const std::string& name) {
  const std::string lower = text::ascii_lower(name);
  for (const FloatType type : {FloatType::f32, FloatType::f16, FloatType::bf16}) {
    if (lower == to_string(type)) return type;
  }
  return fail(ErrorKind::usage, tr("Unknown type {}", name), {}, tr("Known: {}", "f32, f16, bf16"));
}

std::string to_string(FloatType type) {
  return type == FloatType::f32 ? "f32" : type == FloatType::f16 ? "f16" : "bf16";
}

std::size_t bytes_of(FloatType type) {
  return type == FloatType::f32 ? 4 : 2;
}

Result<void> encode(FloatType type, const float* values, std::int64_t count, const std::string& tensor,
                    std::vector<char>& bytes) {
  if (auto good = check_values(type, values, count, tensor); !good) return good;
  bytes.resize(static_cast<std::size_t>(count) * bytes_of(type));
  if (type == FloatType::f32) {
    if (count > 0) std::memcpy(bytes.data(), values, bytes.size());
  } else if (type == FloatType::f16) {
    ggml_fp32_to_fp16_row(values, reinterpret_cast<ggml_fp16_t*>(bytes.data()), count);
  } else {
    ggml_fp32_to_bf16_row_ref(values, reinterpret_cast<ggml_bf16_t*>(bytes.data()), count);
  }
  return {};
}

}  // namespace twin::models
