#include "models/registry/import_model2vec.h"

#include <ggml.h>
#include <gguf.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/i18n.h"
#include "core/json.h"
#include "models/registry/bert_gguf.h"
#include "models/registry/disk_tools.h"
#include "models/registry/safetensors.h"
#include "models/static/static_model.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t default_window = 512;  // max_length of the original, where config.json names none
constexpr std::uint32_t longest_window = 1u << 20;
constexpr std::uint32_t mean_pooling = 1;
constexpr std::uint32_t file_type_f16 = 1;

std::string table_name(const Safetensors& weights) {
  for (const char* name : {"embeddings", "embedding.weight"}) {
    const auto found = weights.entries().find(name);
    if (found != weights.entries().end() && found->second.shape.size() == 2) return name;
  }
  return {};
}

/// The values of an I64 or I32 tensor.
Result<std::vector<std::int64_t>> integers(const Safetensors& weights, const std::string& name, const fs::path& path) {
  const SafetensorEntry& entry = weights.entries().at(name);
  const bool wide = entry.dtype == "I64";
  if (!wide && entry.dtype != "I32") {
    return fail(ErrorKind::invalid, tr("Malformed safetensors file: {}", name + ": integers of type " + entry.dtype),
                path.string());
  }
  std::vector<char> raw(entry.end - entry.begin);
  std::ifstream in(path, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(entry.begin));
  in.read(raw.data(), static_cast<std::streamsize>(raw.size()));
  if (!in) return fail(ErrorKind::io, tr("Cannot read tensor {}", name), path.string());
  std::vector<std::int64_t> values(entry.elements());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (wide) {
      std::memcpy(&values[i], raw.data() + i * sizeof values[i], sizeof values[i]);
    } else {
      std::int32_t value = 0;
      std::memcpy(&value, raw.data() + i * sizeof value, sizeof value);
      values[i] = value;
    }
  }
  return values;
}

/// config.json's max_length; null there means that nothing is cut.
std::uint32_t window_of(const fs::path& folder) {
  const auto bytes = disk().read(folder / "config.json");
  const Json config = bytes ? Json::parse(*bytes, nullptr, false) : Json();
  if (!config.is_object() || !config.contains("max_length")) return default_window;
  const Json& length = config.at("max_length");
  if (length.is_null()) return longest_window;
  return length.is_number_unsigned() && length > 0 ? std::min(length.get<std::uint32_t>(), longest_window)
                                                   : default_window;
}

Result<void> set_vocabulary(gguf_context* out, const Safetensors& weights, const JsonTokenizer& tokenizer,
                            std::uint64_t rows, const fs::path& path) {
  const std::size_t tokens = tokenizer.size();
  const auto too_short = [&](std::size_t there) {
    return fail(ErrorKind::invalid, tr("The vocabulary has {} tokens, the table only {}", tokens, there),
                path.string());
  };
  if (weights.entries().contains("mapping")) {
    const auto mapping = integers(weights, "mapping", path);
    if (!mapping) return tl::unexpected(mapping.error());
    if (mapping->size() < tokens) return too_short(mapping->size());
    std::vector<std::uint32_t> row_of;
    for (const std::int64_t row : *mapping) {
      if (row < 0 || static_cast<std::uint64_t>(row) >= rows) return too_short(rows);
      row_of.push_back(static_cast<std::uint32_t>(row));
    }
    gguf_set_arr_data(out, static_keys::rows, GGUF_TYPE_UINT32, row_of.data(), row_of.size());
  } else if (rows < tokens) {
    return too_short(rows);
  }
  if (weights.entries().contains("weights")) {
    const auto factors = weights.read("weights");
    if (!factors) return tl::unexpected(factors.error());
    if (factors->size() < tokens) return too_short(factors->size());
    gguf_set_arr_data(out, static_keys::weights, GGUF_TYPE_FLOAT32, factors->data(), factors->size());
  }
  return {};
}

std::string halves(const std::vector<float>& values) {
  std::string bytes(values.size() * sizeof(ggml_fp16_t), '\0');
  ggml_fp32_to_fp16_row(values.data(), reinterpret_cast<ggml_fp16_t*>(bytes.data()),
                        static_cast<std::int64_t>(values.size()));
  return bytes;
}

}  // namespace

bool is_model2vec(const fs::path& folder) {
  const auto weights = Safetensors::open(folder / "model.safetensors");
  return weights && !table_name(*weights).empty();
}

Result<fs::path> import_model2vec(const fs::path& folder, const fs::path& gguf) {
  const fs::path weights_path = folder / "model.safetensors";
  const auto weights = Safetensors::open(weights_path);
  if (!weights) return tl::unexpected(weights.error());
  const std::string table = table_name(*weights);
  if (table.empty())
    return fail(ErrorKind::invalid, tr("The weights lack tensor {}", "embeddings"), weights_path.string());
  const auto json = disk().read(folder / "tokenizer.json");
  if (!json) return tl::unexpected(json.error());
  const auto tokenizer = JsonTokenizer::parse(*json);
  if (!tokenizer) {
    Error error = tokenizer.error();
    error.where = (folder / "tokenizer.json").string();
    return tl::unexpected(std::move(error));
  }

  const std::unique_ptr<gguf_context, decltype(&gguf_free)> out(gguf_init_empty(), gguf_free);
  const auto& shape = weights->entries().at(table).shape;
  gguf_set_val_str(out.get(), "general.architecture", static_architecture);
  gguf_set_val_str(out.get(), "general.type", "model");
  gguf_set_val_u32(out.get(), "general.file_type", file_type_f16);
  gguf_set_val_u32(out.get(), static_keys::dimension, static_cast<std::uint32_t>(shape[1]));
  gguf_set_val_u32(out.get(), static_keys::window, window_of(folder));
  gguf_set_val_u32(out.get(), static_keys::pooling, mean_pooling);
  gguf_set_val_str(out.get(), static_keys::tokenizer, json->c_str());
  if (auto set = set_vocabulary(out.get(), *weights, *tokenizer, static_cast<std::uint64_t>(shape[0]), weights_path);
      !set) {
    return tl::unexpected(std::move(set.error()));
  }
  const fs::path partial = gguf.string() + ".tmp";
  auto written = write_bert_gguf(
      out.get(), {{"token_embd", -1, false, {shape[1], shape[0]}, true, table}}, GGML_TYPE_F16,
      [&](const BertTensor& tensor) -> Result<std::string> {
        const auto values = weights->read(tensor.source);
        if (!values) return tl::unexpected(values.error());
        return halves(*values);
      },
      partial);
  if (written) written = move_into_place(partial, gguf);
  if (!written) {
    std::error_code ignored;
    fs::remove(partial, ignored);
    return tl::unexpected(std::move(written.error()));
  }
  return gguf;
}

}  // namespace twin::models
