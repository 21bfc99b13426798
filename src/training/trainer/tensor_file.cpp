#include "training/trainer/tensor_file.h"

#include <ATen/Functions.h>
#include <fmt/ranges.h>

#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/i18n.h"
#include "core/json.h"
#include "models/registry/safetensors.h"

namespace twin::training {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian");
constexpr std::size_t alignment = 8;

bool is_bytes(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kByte;
}

std::size_t stored_size(const at::Tensor& tensor) {
  return static_cast<std::size_t>(tensor.numel()) * (is_bytes(tensor) ? 1 : sizeof(float));
}

}  // namespace

Result<void> write_safetensors(const std::filesystem::path& file, const std::map<std::string, at::Tensor>& tensors,
                               const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::size_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    const auto size = stored_size(tensor);
    header[name] = {{"dtype", is_bytes(tensor) ? "U8" : "F32"},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {offset, offset + size}}};
    offset += size;
  }
  std::string text = header.dump();
  text.append((alignment - text.size() % alignment) % alignment, ' ');

  std::string bytes(sizeof(std::uint64_t), '\0');
  const std::uint64_t length = text.size();
  std::memcpy(bytes.data(), &length, sizeof length);
  bytes.reserve(bytes.size() + text.size() + offset);
  bytes += text;
  for (const auto& [name, tensor] : tensors) {
    const auto values = (is_bytes(tensor) ? tensor : tensor.to(at::kFloat)).contiguous();
    bytes.append(static_cast<const char*>(values.const_data_ptr()), stored_size(values));
  }
  return disk().write(file, bytes);
}

Result<at::Tensor> read_tensor(const std::filesystem::path& file, const std::string& name,
                               const std::vector<std::int64_t>& shape) {
  const auto open = models::Safetensors::open(file);
  if (!open) return tl::unexpected(open.error());
  const auto entry = open->entries().find(name);
  if (entry == open->entries().end())
    return fail(ErrorKind::invalid, tr("The file has no tensor {}", name), file.string());
  if (entry->second.shape != shape) {
    return fail(ErrorKind::invalid,
                tr("Tensor {} has the shape {}, not {}", name, fmt::format("{}", fmt::join(entry->second.shape, "×")),
                   fmt::format("{}", fmt::join(shape, "×"))),
                file.string());
  }
  if (entry->second.dtype == "U8") {
    auto bytes = open->read_bytes(name);
    if (!bytes) return tl::unexpected(bytes.error());
    return at::from_blob(bytes->data(), shape, at::kByte).clone();
  }
  auto values = open->read(name);
  if (!values) return tl::unexpected(values.error());
  return at::from_blob(values->data(), shape, at::kFloat).clone();
}

}  // namespace twin::training
