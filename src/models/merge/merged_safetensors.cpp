#include "models/merge/merged_safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/i18n.h"
#include "core/json.h"
#include "core/text/ascii.h"
#include "models/registry/disk_tools.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

constexpr const char* left_to_config = "rope_freqs.weight";

struct HfTensor {
  std::string name;
  const GgufTensor* source = nullptr;
  std::uint64_t bytes = 0;
  std::int64_t heads = 0;  ///< whose rows change places; 0: none
};
using HfShard = std::vector<HfTensor>;

Result<std::vector<HfTensor>> named_tensors(const MergedModel& model, const Architecture& architecture,
                                            FloatType type) {
  std::vector<HfTensor> tensors;
  for (const GgufTensor& tensor : model.base().tensors()) {
    if (tensor.name == left_to_config) continue;
    HfTensor named{.name = hf_tensor_name(architecture, tensor.name), .source = &tensor};
    if (named.name.empty() || tensor.dimensions > 2 || !tensor.widens()) {
      return fail(ErrorKind::invalid, tr("Tensor {} has no place in {}", tensor.name, architecture.hf_class),
                  model.base().path().string(), tr("Merge to GGUF instead"));
    }
    named.bytes = static_cast<std::uint64_t>(tensor.rows() * tensor.columns()) * bytes_of(type);
    named.heads = interleaved_head_count(architecture, model.base().file(), tensor.name);
    tensors.push_back(std::move(named));
  }
  std::sort(tensors.begin(), tensors.end(), [](const HfTensor& x, const HfTensor& y) { return x.name < y.name; });
  return tensors;
}

std::vector<HfShard> shards_of(const std::vector<HfTensor>& tensors, std::uint64_t limit) {
  std::vector<HfShard> shards(1);
  std::uint64_t bytes = 0;
  for (const HfTensor& tensor : tensors) {
    if (!shards.back().empty() && bytes + tensor.bytes > limit) {
      shards.emplace_back();
      bytes = 0;
    }
    shards.back().push_back(tensor);
    bytes += tensor.bytes;
  }
  return shards;
}

std::string shard_name(std::size_t index, std::size_t count) {
  return count == 1 ? std::string("model.safetensors")
                    : fmt::format("model-{:05}-of-{:05}.safetensors", index + 1, count);
}

/// Header length and header; the data begins at a multiple of eight.
std::string shard_header(const HfShard& shard, FloatType type) {
  Json header{{"__metadata__", {{"format", "pt"}}}};
  const std::string dtype = text::ascii_upper(to_string(type));
  std::uint64_t offset = 0;
  for (const HfTensor& tensor : shard) {
    Json shape = Json::array();
    for (int i = tensor.source->dimensions; i-- > 0;)
      shape.push_back(tensor.source->sizes[static_cast<std::size_t>(i)]);
    header[tensor.name] = {
        {"dtype", dtype}, {"shape", std::move(shape)}, {"data_offsets", {offset, offset + tensor.bytes}}};
    offset += tensor.bytes;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  const std::uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + text;
}

class ShardWriter {
 public:
  ShardWriter(const MergedModel& model, const Architecture& architecture, FloatType type, const fs::path& path,
              std::stop_token stop)
      : model_(model), architecture_(architecture), type_(type), path_(path), stop_(std::move(stop)) {}

  Result<void> write(const HfShard& shard, Progress& progress) {
    out_.open(path_, std::ios::binary | std::ios::trunc);
    out_ << shard_header(shard, type_);
    for (const HfTensor& tensor : shard) {
      auto done = tensor.heads > 0 ? write_heads(tensor) : write_rows(tensor);
      if (!done) {
        if (done.error().where.empty()) done.error().where = path_.string();
        return done;
      }
      progress.add();
    }
    out_.close();
    if (!out_) return cannot_write();
    return sync_path(path_);
  }

 private:
  Result<void> cannot_write() const {
    return fail(ErrorKind::io, tr("Cannot write the model file"), path_.string(), tr("Is the disk full?"));
  }

  Result<void> put(const std::vector<char>& bytes) {
    out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return out_ ? Result<void>() : cannot_write();
  }

  Result<void> write_rows(const HfTensor& tensor) {
    const bool norm = tensor.name.find("norm.") != std::string::npos;
    const auto offset = static_cast<float>(norm ? architecture_.norm_offset : 0.0);
    std::vector<char> bytes;
    return model_.each_block(*tensor.source, stop_, [&](std::vector<float>& rows, std::int64_t) -> Result<void> {
      if (offset != 0)
        for (float& value : rows) value -= offset;
      const auto count = static_cast<std::int64_t>(rows.size());
      if (auto good = encode(type_, rows.data(), count, tensor.name, bytes); !good) return good;
      return put(bytes);
    });
  }

  /// Of a bias, each element is a row.
  Result<void> write_heads(const HfTensor& tensor) {
    const bool bias = tensor.source->dimensions == 1;
    const std::int64_t outputs = bias ? tensor.source->columns() : tensor.source->rows();
    const std::uint64_t row_bytes = tensor.bytes / static_cast<std::uint64_t>(outputs);
    if (outputs % (2 * tensor.heads) != 0)
      return fail(ErrorKind::invalid, tr("Tensor {} does not divide into {} heads", tensor.name, tensor.heads));
    std::vector<char> whole;
    whole.reserve(tensor.bytes);
    std::vector<char> bytes;
    auto read = model_.each_block(*tensor.source, stop_, [&](std::vector<float>& rows, std::int64_t) {
      const auto count = static_cast<std::int64_t>(rows.size());
      auto good = encode(type_, rows.data(), count, tensor.name, bytes);
      if (good) whole.insert(whole.end(), bytes.begin(), bytes.end());
      return good;
    });
    if (!read) return read;
    for (std::int64_t row = 0; row < outputs; ++row) {
      const auto from = static_cast<std::uint64_t>(interleaved_row(row, outputs / tensor.heads)) * row_bytes;
      out_.write(whole.data() + from, static_cast<std::streamsize>(row_bytes));
    }
    return out_ ? Result<void>() : cannot_write();
  }

  const MergedModel& model_;
  const Architecture& architecture_;
  FloatType type_;
  fs::path path_;
  std::stop_token stop_;
  std::ofstream out_;
};

}  // namespace

std::uint64_t merged_safetensors_bytes(const MergedModel& model, FloatType type) {
  std::uint64_t bytes = 1U << 20;
  for (const GgufTensor& tensor : model.base().tensors())
    bytes += static_cast<std::uint64_t>(tensor.rows() * tensor.columns()) * bytes_of(type);
  return bytes;
}

Result<std::vector<std::string>> write_merged_safetensors(const MergedModel& model, const Architecture& architecture,
                                                          const SafetensorsSpec& spec, const fs::path& folder,
                                                          Progress& progress, std::stop_token stop) {
  const auto tensors = named_tensors(model, architecture, spec.type);
  if (!tensors) return tl::unexpected(tensors.error());
  progress.total(tensors->size());
  const auto shards = shards_of(*tensors, spec.shard_bytes);
  std::vector<std::string> names;
  Json map = Json::object();
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    names.push_back(shard_name(i, shards.size()));
    ShardWriter writer(model, architecture, spec.type, folder / names.back(), stop);
    if (auto done = writer.write(shards[i], progress); !done) return tl::unexpected(done.error());
    for (const HfTensor& tensor : shards[i]) {
      map[tensor.name] = names.back();
      total += tensor.bytes;
    }
  }
  if (shards.size() == 1) return names;
  const Json index{{"metadata", {{"total_size", total}}}, {"weight_map", std::move(map)}};
  names.emplace_back("model.safetensors.index.json");
  if (auto written = disk().write(folder / names.back(), index.dump(2) + "\n"); !written)
    return tl::unexpected(written.error());
  return names;
}

}  // namespace twin::models
