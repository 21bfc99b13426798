#include "models/registry/safetensors.h"

#include <ggml.h>

#include <bit>
#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/json.h"

namespace twin::models {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are stored little-endian");

tl::unexpected<Error> malformed(const std::filesystem::path& path, const std::string& why) {
  return fail(ErrorKind::invalid, tr("Malformed safetensors file: {}", why), path.string());
}

/// Bytes per element; 0 for types this reader does not know.
std::uint64_t dtype_bytes(const std::string& dtype) {
  if (dtype == "F64" || dtype == "I64" || dtype == "U64") return 8;
  if (dtype == "F32" || dtype == "I32" || dtype == "U32") return 4;
  if (dtype == "F16" || dtype == "BF16" || dtype == "I16" || dtype == "U16") return 2;
  if (dtype == "I8" || dtype == "U8" || dtype == "BOOL" || dtype.starts_with("F8_")) return 1;
  return 0;
}

/// Product of the shape and the element size, or nothing when it overflows or a dimension is negative.
std::optional<std::uint64_t> byte_size(const SafetensorEntry& entry) {
  std::uint64_t size = dtype_bytes(entry.dtype);
  for (const std::int64_t dimension : entry.shape) {
    if (dimension < 0) return std::nullopt;
    const auto n = static_cast<std::uint64_t>(dimension);
    if (n != 0 && size > std::numeric_limits<std::uint64_t>::max() / n) return std::nullopt;
    size *= n;
  }
  return size;
}

/// Throws nlohmann exceptions on missing or mistyped members.
SafetensorEntry parse_entry(const Json& json) {
  SafetensorEntry entry;
  json.at("dtype").get_to(entry.dtype);
  for (const Json& dimension : json.at("shape")) entry.shape.push_back(dimension.get<std::int64_t>());
  const Json& offsets = json.at("data_offsets");
  if (!offsets.is_array() || offsets.size() != 2) throw std::invalid_argument("data_offsets");
  entry.begin = offsets[0].get<std::uint64_t>();
  entry.end = offsets[1].get<std::uint64_t>();
  return entry;
}

std::string check_entry(const SafetensorEntry& entry, std::uint64_t data_bytes) {
  if (dtype_bytes(entry.dtype) == 0) return "unknown type " + entry.dtype;
  if (entry.begin > entry.end || entry.end > data_bytes) return "data outside the file";
  if (byte_size(entry) != entry.end - entry.begin) return "shape and data size differ";
  return {};
}

}  // namespace

std::uint64_t SafetensorEntry::elements() const {
  std::uint64_t count = 1;
  for (const std::int64_t dimension : shape) count *= static_cast<std::uint64_t>(dimension);
  return count;
}

Result<Safetensors> Safetensors::open(const std::filesystem::path& path) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(path, error);
  std::ifstream in(path, std::ios::binary);
  if (error || !in) return fail(ErrorKind::not_found, tr("Cannot read the weights"), path.string());
  std::uint64_t header_bytes = 0;
  in.read(reinterpret_cast<char*>(&header_bytes), sizeof header_bytes);
  if (!in) return malformed(path, "shorter than its header length");
  if (header_bytes > max_header_bytes || header_bytes > size - sizeof header_bytes) {
    return malformed(path, "header length " + std::to_string(header_bytes));
  }
  std::string header(header_bytes, '\0');
  in.read(header.data(), static_cast<std::streamsize>(header_bytes));
  if (!in) return malformed(path, "truncated header");

  Safetensors file;
  file.path_ = path;
  const std::uint64_t data_start = sizeof header_bytes + header_bytes;
  try {
    const Json json = Json::parse(header);
    if (!json.is_object()) return malformed(path, "header is not an object");
    for (const auto& [name, value] : json.items()) {
      if (name == "__metadata__") continue;
      SafetensorEntry entry = parse_entry(value);
      if (const std::string why = check_entry(entry, size - data_start); !why.empty()) {
        return malformed(path, name + ": " + why);
      }
      entry.begin += data_start;
      entry.end += data_start;
      file.entries_.emplace(name, std::move(entry));
    }
  } catch (const std::exception& e) {
    return malformed(path, e.what());
  }
  return file;
}

Result<std::string> Safetensors::read_bytes(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end())
    return fail(ErrorKind::not_found, tr("No tensor {} in the weights", name), path_.string());
  const SafetensorEntry& entry = found->second;
  std::string raw(entry.end - entry.begin, '\0');
  std::ifstream in(path_, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(entry.begin));
  in.read(raw.data(), static_cast<std::streamsize>(raw.size()));
  if (!in) return fail(ErrorKind::io, tr("Cannot read tensor {}", name), path_.string());
  return raw;
}

Result<std::vector<float>> Safetensors::read(const std::string& name) const {
  const auto bytes = read_bytes(name);
  if (!bytes) return tl::unexpected(bytes.error());
  const std::string& raw = *bytes;
  const SafetensorEntry& entry = entries_.at(name);
  std::vector<float> values(entry.elements());
  const auto count = static_cast<std::int64_t>(values.size());
  if (entry.dtype == "F32") {
    if (!raw.empty()) std::memcpy(values.data(), raw.data(), raw.size());
  } else if (entry.dtype == "F16") {
    ggml_fp16_to_fp32_row(reinterpret_cast<const ggml_fp16_t*>(raw.data()), values.data(), count);
  } else if (entry.dtype == "BF16") {
    ggml_bf16_to_fp32_row(reinterpret_cast<const ggml_bf16_t*>(raw.data()), values.data(), count);
  } else if (entry.dtype == "I8") {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(static_cast<signed char>(raw[i]));
  } else {
    return malformed(path_, name + ": weights of type " + entry.dtype);
  }
  return values;
}

}  // namespace twin::models
