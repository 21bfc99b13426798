#include "models/registry/gguf_output.h"

#include <gguf.h>

#include <fstream>
#include <memory>

#include "core/i18n.h"

namespace twin::models {

Result<void> write_gguf_file(gguf_context* out, const std::vector<GgufPlace>& tensors,
                             const std::function<Result<std::string>(std::size_t)>& data,
                             const std::filesystem::path& path) {
  const std::unique_ptr<ggml_context, decltype(&ggml_free)> context(
      ggml_init({.mem_size = ggml_tensor_overhead() * (tensors.size() + 1), .mem_buffer = nullptr, .no_alloc = true}),
      ggml_free);
  for (const GgufPlace& tensor : tensors) {
    ggml_tensor* const declared =
        ggml_new_tensor(context.get(), tensor.type, static_cast<int>(tensor.shape.size()), tensor.shape.data());
    ggml_set_name(declared, tensor.name.c_str());
    gguf_add_tensor(out, declared);
  }
  std::string head(gguf_get_meta_size(out), '\0');
  gguf_get_meta_data(out, head.data());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << head;
  std::uint64_t written = 0;
  for (std::size_t i = 0; i < tensors.size() && file; ++i) {
    const auto bytes = data(i);
    if (!bytes) return tl::unexpected(bytes.error());
    const std::uint64_t offset = gguf_get_tensor_offset(out, static_cast<std::int64_t>(i));
    file << std::string(offset - written, '\0') << *bytes;
    written = offset + bytes->size();
  }
  const std::uint64_t alignment = gguf_get_alignment(out);
  file << std::string((alignment - written % alignment) % alignment, '\0');
  file.close();
  if (!file) return fail(ErrorKind::io, tr("Cannot write the model file"), path.string(), tr("Is the disk full?"));
  return {};
}

}  // namespace twin::models
