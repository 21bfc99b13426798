// See fixtures.h. Named *_test.cpp so that it is part of the tests, not of the library.
#include "models/registry/fixtures.h"

#include <archive.h>
#include <archive_entry.h>
#include <ggml.h>
#include <gguf.h>

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/json.h"

namespace twin::models::testing {

void write_file(const fs::path& path, const std::string& bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_gguf(const fs::path& path, const std::string& architecture,
                const std::map<std::string, std::string>& texts) {
  fs::create_directories(path.parent_path());
  gguf_context* const out = gguf_init_empty();
  gguf_set_val_str(out, "general.architecture", architecture.c_str());
  gguf_set_val_u32(out, "general.file_type", 1);
  gguf_set_val_u32(out, (architecture + ".context_length").c_str(), 512);
  gguf_set_val_u64(out, (architecture + ".embedding_length").c_str(), 8);
  const char* tokens[] = {"a", "b", "가"};
  gguf_set_arr_str(out, "tokenizer.ggml.tokens", tokens, 3);
  for (const auto& [key, value] : texts) gguf_set_val_str(out, key.c_str(), value.c_str());
  ggml_context* const context = ggml_init({.mem_size = 1u << 16, .mem_buffer = nullptr, .no_alloc = false});
  ggml_tensor* const a = ggml_new_tensor_2d(context, GGML_TYPE_F32, 8, 4);
  ggml_tensor* const b = ggml_new_tensor_1d(context, GGML_TYPE_F16, 32);
  ggml_set_name(a, "a.weight");
  ggml_set_name(b, "b.weight");
  std::memset(a->data, 0, ggml_nbytes(a));
  std::memset(b->data, 0, ggml_nbytes(b));
  gguf_add_tensor(out, a);
  gguf_add_tensor(out, b);
  gguf_write_to_file(out, path.c_str(), false);
  ggml_free(context);
  gguf_free(out);
}

std::string safetensors_bytes(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + header + data;
}

std::string safetensors_f32(const std::map<std::string, std::vector<std::int64_t>>& shapes) {
  Json header = Json::object();
  std::string data;
  float next = 0.F;
  for (const auto& [name, shape] : shapes) {
    std::int64_t count = 1;
    for (const auto n : shape) count *= n;
    const auto begin = data.size();
    for (std::int64_t i = 0; i < count; ++i) {
      next += 0.01F;
      data.append(reinterpret_cast<const char*>(&next), sizeof next);
    }
    header[name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {begin, data.size()}}};
  }
  return safetensors_bytes(header.dump(), data);
}

void write_tiny_bert(const fs::path& folder) {
  write_file(folder / "config.json",
             R"({"model_type":"bert","vocab_size":8,"hidden_size":4,"num_hidden_layers":1,"num_attention_heads":2,
                "intermediate_size":6,"max_position_embeddings":16,"type_vocab_size":2,"layer_norm_eps":1e-12,
                "hidden_act":"gelu"})");
  write_file(folder / "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\n##ing\n가\n");
  write_file(folder / "sentence_bert_config.json", R"({"max_seq_length": 12})");
  std::map<std::string, std::vector<std::int64_t>> shapes = {{"embeddings.word_embeddings.weight", {8, 4}},
                                                             {"embeddings.position_embeddings.weight", {16, 4}},
                                                             {"embeddings.token_type_embeddings.weight", {2, 4}},
                                                             {"embeddings.LayerNorm.weight", {4}},
                                                             {"embeddings.LayerNorm.bias", {4}},
                                                             {"pooler.dense.weight", {4, 4}}};
  const std::string layer = "encoder.layer.0.";
  for (const char* name :
       {"attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"}) {
    shapes[layer + name + ".weight"] = {4, 4};
    shapes[layer + name + ".bias"] = {4};
  }
  shapes[layer + "intermediate.dense.weight"] = {6, 4};
  shapes[layer + "intermediate.dense.bias"] = {6};
  shapes[layer + "output.dense.weight"] = {4, 6};
  shapes[layer + "output.dense.bias"] = {4};
  for (const char* name : {"attention.output.LayerNorm", "output.LayerNorm"}) {
    shapes[layer + name + ".weight"] = {4};
    shapes[layer + name + ".bias"] = {4};
  }
  write_file(folder / "model.safetensors", safetensors_f32(shapes));
}

void write_zip(const fs::path& path, const std::map<std::string, std::string>& files) {
  fs::create_directories(path.parent_path());
  ::archive* const out = archive_write_new();
  archive_write_set_format_zip(out);
  archive_write_open_filename(out, path.c_str());
  for (const auto& [name, content] : files) {
    archive_entry* const entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    archive_write_header(out, entry);
    archive_write_data(out, content.data(), content.size());
    archive_entry_free(entry);
  }
  archive_write_close(out);
  archive_write_free(out);
}

}  // namespace twin::models::testing
