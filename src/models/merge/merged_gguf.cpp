#include "models/merge/merged_gguf.h"

#include <gguf.h>

#include <algorithm>
#include <fstream>
#include <memory>

#include "core/i18n.h"
#include "models/registry/disk_tools.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

using GgufMeta = std::unique_ptr<gguf_context, decltype(&gguf_free)>;
using GgmlMeta = std::unique_ptr<ggml_context, decltype(&ggml_free)>;

ggml_type ggml_type_of(FloatType type) {
  return type == FloatType::f32 ? GGML_TYPE_F32 : type == FloatType::f16 ? GGML_TYPE_F16 : GGML_TYPE_BF16;
}

/// general.file_type as llama.cpp numbers it.
std::uint32_t file_type_of(FloatType type) {
  return type == FloatType::f32 ? 0 : type == FloatType::f16 ? 1 : 32;
}

/// A converter that made a matrix narrow where it could, and left this one wide, meant it so.
bool narrower_base(const MergedModel& model) {
  const auto& all = model.base().tensors();
  return std::any_of(all.begin(), all.end(), [](const GgufTensor& t) { return t.type != GGML_TYPE_F32; });
}

ggml_type stored_type(const GgufTensor& tensor, FloatType type, bool base_is_narrow) {
  if (!tensor.widens()) return tensor.type;
  if (tensor.dimensions < 2 || (base_is_narrow && tensor.type == GGML_TYPE_F32)) return GGML_TYPE_F32;
  return ggml_type_of(type);
}

FloatType float_type_of(ggml_type type) {
  return type == GGML_TYPE_F32 ? FloatType::f32 : type == GGML_TYPE_F16 ? FloatType::f16 : FloatType::bf16;
}

std::uint64_t stored_bytes(const GgufTensor& tensor, ggml_type type) {
  return static_cast<std::uint64_t>(tensor.rows()) * ggml_row_size(type, tensor.columns());
}

void set_merged_metadata(gguf_context* out, const MergedModel& model, const MergedGguf& spec) {
  const GgufFile& base = model.base().file();
  gguf_set_kv(out, base.context());
  const std::string base_name = base.text("general.name").value_or("");
  if (!base_name.empty() && gguf_find_key(out, "general.base_model.count") < 0) {
    gguf_set_val_u32(out, "general.base_model.count", 1);
    gguf_set_val_str(out, "general.base_model.0.name", base_name.c_str());
  }
  gguf_set_val_str(out, "general.name", spec.name.c_str());
  gguf_set_val_u32(out, "general.file_type", file_type_of(spec.type));
  if (!spec.chat_template.empty() && gguf_find_key(out, "tokenizer.chat_template") < 0)
    gguf_set_val_str(out, "tokenizer.chat_template", spec.chat_template.c_str());
  for (const char* of_the_quantized_file :
       {"quantize.imatrix.file", "quantize.imatrix.dataset", "quantize.imatrix.entries_count",
        "quantize.imatrix.chunks_count", "general.quantized_by"}) {
    gguf_remove_key(out, of_the_quantized_file);
  }
}

/// One tensor's bytes, in order.
Result<std::uint64_t> append_tensor(std::ofstream& out, const MergedModel& model, const GgufTensor& tensor,
                                    ggml_type type, const std::stop_token& stop) {
  std::uint64_t written = 0;
  std::vector<char> bytes;
  const auto put = [&]() -> Result<void> {
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    written += bytes.size();
    if (!out) return fail(ErrorKind::io, tr("Cannot write the model file"), {}, tr("Is the disk full?"));
    return {};
  };
  Result<void> done;
  if (tensor.widens()) {
    done = model.each_block(tensor, stop, [&](std::vector<float>& rows, std::int64_t) -> Result<void> {
      const auto count = static_cast<std::int64_t>(rows.size());
      if (auto good = encode(float_type_of(type), rows.data(), count, tensor.name, bytes); !good) return good;
      return put();
    });
  } else {
    constexpr std::uint64_t step = 16U << 20;
    for (std::uint64_t first = 0; first < tensor.bytes && done; first += step) {
      if (stop.stop_requested()) return merge_stopped();
      done = model.base().read_bytes(tensor, first, std::min(step, tensor.bytes - first), bytes);
      if (done) done = put();
    }
  }
  if (!done) return tl::unexpected(done.error());
  return written;
}

}  // namespace

std::uint64_t merged_gguf_bytes(const MergedModel& model, FloatType type) {
  const bool narrow = narrower_base(model);
  std::uint64_t bytes = gguf_get_meta_size(model.base().file().context()) + (1U << 20);
  for (const GgufTensor& tensor : model.base().tensors())
    bytes += GGML_PAD(stored_bytes(tensor, stored_type(tensor, type, narrow)), GGUF_DEFAULT_ALIGNMENT);
  return bytes;
}

Result<void> write_merged_gguf(const MergedModel& model, const MergedGguf& spec, const fs::path& path,
                               Progress& progress, std::stop_token stop) {
  const auto& tensors = model.base().tensors();
  const bool narrow = narrower_base(model);
  const GgufMeta out(gguf_init_empty(), gguf_free);
  const GgmlMeta shapes(
      ggml_init({.mem_size = ggml_tensor_overhead() * (tensors.size() + 1), .mem_buffer = nullptr, .no_alloc = true}),
      ggml_free);
  set_merged_metadata(out.get(), model, spec);
  for (const GgufTensor& tensor : tensors) {
    ggml_tensor* const declared =
        ggml_new_tensor(shapes.get(), stored_type(tensor, spec.type, narrow), tensor.dimensions, tensor.sizes.data());
    ggml_set_name(declared, tensor.name.c_str());
    gguf_add_tensor(out.get(), declared);
  }
  std::string head(gguf_get_meta_size(out.get()), '\0');
  gguf_get_meta_data(out.get(), head.data());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << head;
  std::uint64_t written = 0;
  progress.total(tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const std::uint64_t offset = gguf_get_tensor_offset(out.get(), static_cast<std::int64_t>(i));
    file << std::string(offset - written, '\0');
    auto bytes = append_tensor(file, model, tensors[i], stored_type(tensors[i], spec.type, narrow), stop);
    if (!bytes) {
      if (bytes.error().where.empty()) bytes.error().where = path.string();
      return tl::unexpected(bytes.error());
    }
    written = offset + *bytes;
    progress.add();
  }
  const std::uint64_t alignment = gguf_get_alignment(out.get());
  file << std::string((alignment - written % alignment) % alignment, '\0');
  file.close();
  if (!file) return fail(ErrorKind::io, tr("Cannot write the model file"), path.string(), tr("Is the disk full?"));
  return sync_path(path);
}

}  // namespace twin::models
