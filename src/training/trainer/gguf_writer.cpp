#include "training/trainer/gguf_writer.h"

#include <fmt/format.h>
#include <ggml.h>
#include <gguf.h>

#include "core/files.h"
#include "core/i18n.h"
#include "training/trainer/ggml_types.h"

namespace twin::training {
namespace {

constexpr std::size_t max_tensors = 1 << 16;

}  // namespace

GgufWriter::GgufWriter()
    : context_(gguf_init_empty(), gguf_free),
      tensors_(ggml_init({.mem_size = max_tensors * ggml_tensor_overhead(), .mem_buffer = nullptr, .no_alloc = true}),
               ggml_free) {}

GgufWriter::~GgufWriter() = default;

void GgufWriter::set(const std::string& key, const std::string& value) {
  gguf_set_val_str(context_.get(), key.c_str(), value.c_str());
}
void GgufWriter::set(const std::string& key, std::uint32_t value) {
  gguf_set_val_u32(context_.get(), key.c_str(), value);
}
void GgufWriter::set(const std::string& key, float value) {
  gguf_set_val_f32(context_.get(), key.c_str(), value);
}
void GgufWriter::set(const std::string& key, bool value) {
  gguf_set_val_bool(context_.get(), key.c_str(), value);
}

void GgufWriter::add(const std::string& name, const std::vector<std::int64_t>& shape, const float* values,
                     const std::string& type_name) {
  const auto type = ggml_type_named(type_name);
  if (type == GGML_TYPE_COUNT) throw Fatal(ErrorKind::internal, tr("There is no ggml type {}", type_name));
  const std::vector<std::int64_t> sizes(shape.rbegin(), shape.rend());
  ggml_tensor* tensor = ggml_new_tensor(tensors_.get(), type, static_cast<int>(sizes.size()), sizes.data());
  ggml_set_name(tensor, name.c_str());
  gguf_add_tensor(context_.get(), tensor);

  const std::int64_t columns = shape.back();
  const std::int64_t rows = ggml_nelements(tensor) / columns;
  std::string data(ggml_nbytes(tensor), '\0');
  if (type == GGML_TYPE_F32) {
    data.assign(reinterpret_cast<const char*>(values), data.size());
  } else {
    ggml_quantize_chunk(type, values, data.data(), 0, rows, columns, nullptr);
  }
  data_.push_back(std::move(data));
}

std::string GgufWriter::bytes() const {
  std::string bytes(gguf_get_meta_size(context_.get()), '\0');
  gguf_get_meta_data(context_.get(), bytes.data());
  const auto start = bytes.size();
  for (std::size_t i = 0; i < data_.size(); ++i) {
    bytes.resize(start + gguf_get_tensor_offset(context_.get(), static_cast<std::int64_t>(i)), '\0');
    bytes += data_[i];
  }
  const auto alignment = gguf_get_alignment(context_.get());
  bytes.resize((bytes.size() + alignment - 1) / alignment * alignment, '\0');
  return bytes;
}

Result<void> write_gguf_adapter(const std::filesystem::path& file, const Adapter& adapter, const ModelShape& shape,
                                const std::string& name) {
  GgufWriter writer;
  writer.set("general.architecture", shape.family.architecture);
  writer.set("general.type", std::string("adapter"));
  writer.set("general.name", name);
  writer.set("adapter.type", std::string("lora"));
  // llama.cpp scales by alpha / r.
  writer.set("adapter.lora.alpha", static_cast<float>(adapter.scale() * adapter.config().r));
  for (const auto& pair : adapter.pairs()) {
    const auto tensor = fmt::format("blk.{}.{}.weight", pair.layer, gguf_name(pair.module));
    auto b = pair.b;
    if (shape.family.interleaved_heads && pair.module == "q_proj") b = interleave_heads(b, shape.heads);
    if (shape.family.interleaved_heads && pair.module == "k_proj") b = interleave_heads(b, shape.kv_heads);
    writer.add(tensor + ".lora_a", pair.a.sizes().vec(), pair.a.const_data_ptr<float>());
    writer.add(tensor + ".lora_b", b.sizes().vec(), b.const_data_ptr<float>());
  }
  return disk().write(file, writer.bytes());
}

}  // namespace twin::training
