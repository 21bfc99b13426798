#include "training/trainer/frozen_matrix.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include "core/i18n.h"
#include "training/trainer/ggml_types.h"
#include "training/trainer/simd.h"

namespace twin::training {
namespace {

constexpr std::int64_t grain = 16;  // rows per task

/// The type of that name, if rows of so many weights divide into its blocks.
Result<ggml_type> usable_type(const std::string& name, std::int64_t columns) {
  const auto type = ggml_type_named(name);
  if (type == GGML_TYPE_COUNT) return fail(ErrorKind::usage, tr("There is no quantization '{}'", name));
  const auto block = ggml_blck_size(type);
  if (columns % block == 0) return type;
  return fail(ErrorKind::invalid, tr("Rows of {} weights do not divide into blocks of {} ({})", columns, block, name),
              {}, tr("set quantize_base to q8_0, q5_1, q4_1 or q4_0"));
}

}  // namespace

FrozenMatrix FrozenMatrix::of(at::Tensor dense) {
  const auto columns = dense.size(1);
  return {.dense = std::move(dense), .blocks = {}, .type = 0, .columns = columns};
}

void FrozenMatrix::write_to(at::Tensor out) const {
  if (dense.defined()) {
    out.copy_(dense);
    return;
  }
  const auto to_float = ggml_get_type_traits(static_cast<ggml_type>(type))->to_float;
  const auto* bytes = blocks.const_data_ptr<std::uint8_t>();
  const auto width = blocks.size(1), stride = out.stride(0);
  const bool is_float = out.scalar_type() == at::kFloat;
  auto* floats = is_float ? out.data_ptr<float>() : nullptr;
  auto* halves = is_float ? nullptr : static_cast<std::uint16_t*>(out.data_ptr());
  at::parallel_for(0, rows(), grain, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> buffer(is_float ? 0 : static_cast<std::size_t>(columns));
    for (std::int64_t row = begin; row < end; ++row) {
      float* target = is_float ? floats + row * stride : buffer.data();
      to_float(bytes + row * width, target, columns);
      if (!is_float) simd::narrow(target, halves + row * stride, columns);
    }
  });
}

FrozenMatrix FrozenMatrix::reordered(const at::Tensor& order) const {
  FrozenMatrix result = *this;
  if (dense.defined()) result.dense = dense.index_select(0, order);
  if (blocks.defined()) result.blocks = blocks.index_select(0, order);
  return result;
}

Result<FrozenMatrix> quantize(const std::vector<float>& values, std::int64_t rows, std::int64_t columns,
                              const std::string& name) {
  const auto known = usable_type(name, columns);
  if (!known) return tl::unexpected(known.error());
  const auto type = *known;
  const auto width = static_cast<std::int64_t>(ggml_row_size(type, columns));
  FrozenMatrix matrix{.dense = {}, .blocks = at::empty({rows, width}, at::kByte), .type = type, .columns = columns};
  auto* bytes = matrix.blocks.data_ptr<std::uint8_t>();
  ggml_quantize_init(type);
  at::parallel_for(0, rows, grain, [&](std::int64_t begin, std::int64_t end) {
    ggml_quantize_chunk(type, values.data() + begin * columns, bytes + begin * width, 0, end - begin, columns, nullptr);
  });
  return matrix;
}

Result<std::int64_t> quantized_bytes(std::int64_t rows, std::int64_t columns, const std::string& name) {
  const auto type = usable_type(name, columns);
  if (!type) return tl::unexpected(type.error());
  return rows * static_cast<std::int64_t>(ggml_row_size(*type, columns));
}

}  // namespace twin::training
