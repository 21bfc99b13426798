// See small_model.h. Named *_test.cpp so that it is part of the tests, not of the library.
#include <gguf.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/json.h"
#include "models/hf/architectures.h"
#include "models/merge/testing/small_model.h"

namespace twin::models::testing {
namespace {

struct SmallWriter {
  gguf_context* meta = gguf_init_empty();
  ggml_context* data = ggml_init({.mem_size = 8U << 20, .mem_buffer = nullptr, .no_alloc = false});
  ~SmallWriter() {
    gguf_free(meta);
    ggml_free(data);
  }
  void add(const std::string& name, const std::vector<std::int64_t>& sizes, const Matrix& values, ggml_type type) {
    ggml_tensor* const tensor = ggml_new_tensor(data, type, static_cast<int>(sizes.size()), sizes.data());
    ggml_set_name(tensor, name.c_str());
    if (type == GGML_TYPE_F32) {
      std::memcpy(tensor->data, values.data(), values.size() * sizeof(float));
    } else {
      ggml_quantize_chunk(type, values.data(), tensor->data, 0, ggml_nrows(tensor), sizes[0], nullptr);
    }
    gguf_add_tensor(meta, tensor);
  }
};

void set_vocabulary(gguf_context* meta) {
  std::vector<std::string> texts = {"<|endoftext|>", "<|im_start|>", "<|im_end|>"};
  for (std::size_t i = 0; texts.size() < static_cast<std::size_t>(small_vocab) - 1; ++i)
    texts.emplace_back((i < 26 ? "" : "x") + std::string(1, static_cast<char>('a' + i % 26)));
  texts.emplace_back("ab");
  std::vector<const char*> tokens;
  std::vector<std::int32_t> types;
  tokens.reserve(texts.size());
  types.reserve(texts.size());
  for (const auto& text : texts) {
    tokens.push_back(text.c_str());
    types.push_back(tokens.size() <= 3 ? 3 : 1);
  }
  const char* merges[] = {"a b"};
  gguf_set_val_str(meta, "tokenizer.ggml.model", "gpt2");
  gguf_set_val_str(meta, "tokenizer.ggml.pre", "smollm");
  gguf_set_arr_str(meta, "tokenizer.ggml.tokens", tokens.data(), tokens.size());
  gguf_set_arr_data(meta, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types.data(), types.size());
  gguf_set_arr_str(meta, "tokenizer.ggml.merges", merges, 1);
  gguf_set_val_u32(meta, "tokenizer.ggml.bos_token_id", 1);
  gguf_set_val_u32(meta, "tokenizer.ggml.eos_token_id", 2);
  gguf_set_val_str(meta, "tokenizer.chat_template", "{{ messages }}");
}

}  // namespace

Matrix small_values(const std::string& tensor, std::int64_t count) {
  double phase = 0;
  for (const char c : tensor) phase = phase * 1.3 + static_cast<unsigned char>(c);
  Matrix values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(std::sin(static_cast<double>(i) * 12.9898 + phase));
  return values;
}

void write_small_model(const std::filesystem::path& path, const SmallModel& options) {
  SmallWriter writer;
  const auto number = [&](const char* key, std::int64_t value) {
    gguf_set_val_u32(writer.meta, (options.architecture + "." + key).c_str(), static_cast<std::uint32_t>(value));
  };
  gguf_set_val_str(writer.meta, "general.architecture", options.architecture.c_str());
  gguf_set_val_str(writer.meta, "general.name", "Small");
  gguf_set_val_u32(writer.meta, "general.file_type", 7);
  number("block_count", 1);
  number("context_length", 128);
  number("embedding_length", small_hidden);
  number("feed_forward_length", small_ff);
  number("attention.head_count", small_heads);
  number("attention.head_count_kv", small_kv_heads);
  gguf_set_val_f32(writer.meta, (options.architecture + ".attention.layer_norm_rms_epsilon").c_str(), 1e-5F);
  gguf_set_val_f32(writer.meta, (options.architecture + ".rope.freq_base").c_str(), 10000.0F);
  if (options.vocabulary) set_vocabulary(writer.meta);
  if (options.metadata) options.metadata(writer.meta);
  const auto add = [&](const std::string& name, const std::vector<std::int64_t>& sizes) {
    std::int64_t count = 1;
    for (const auto n : sizes) count *= n;
    writer.add(name, sizes, small_values(name, count), sizes.size() > 1 ? options.type : GGML_TYPE_F32);
  };
  const std::int64_t kv = small_hidden / small_heads * small_kv_heads;
  add("token_embd.weight", {small_hidden, small_vocab});
  add("output_norm.weight", {small_hidden});
  add("blk.0.attn_norm.weight", {small_hidden});
  add("blk.0.attn_q.weight", {small_hidden, small_hidden});
  add("blk.0.attn_k.weight", {small_hidden, kv});
  add("blk.0.attn_v.weight", {small_hidden, kv});
  add("blk.0.attn_output.weight", {small_hidden, small_hidden});
  add("blk.0.ffn_norm.weight", {small_hidden});
  add("blk.0.ffn_gate.weight", {small_hidden, small_ff});
  add("blk.0.ffn_up.weight", {small_hidden, small_ff});
  add("blk.0.ffn_down.weight", {small_ff, small_hidden});
  for (const auto& [name, sizes] : options.more) add(name, sizes);
  std::filesystem::create_directories(path.parent_path());
  gguf_write_to_file(writer.meta, path.c_str(), false);
}

std::int64_t SmallLora::inputs(const std::string& module) const {
  return module == "down_proj" ? small_ff : hidden;
}
std::int64_t SmallLora::outputs(const std::string&) const {
  return hidden;
}
Matrix SmallLora::a(const std::string& module) const {
  return small_values(module + "A", rank * inputs(module));
}
Matrix SmallLora::b(const std::string& module) const {
  return small_values(module + "B", outputs(module) * rank);
}
Matrix SmallLora::magnitude(const std::string& module) const {
  Matrix lengths = small_values(module + "M", outputs(module));
  for (float& length : lengths) length += 2.0F;
  return lengths;
}

void write_peft(const std::filesystem::path& folder, const SmallLora& lora) {
  Json header = Json::object();
  std::string data;
  const auto add = [&](const std::string& name, const std::vector<std::int64_t>& shape, const Matrix& values) {
    const auto begin = data.size();
    data.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
    header[name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {begin, data.size()}}};
  };
  for (const std::string module : {"q_proj", "down_proj"}) {
    const std::string stem =
        std::string("base_model.model.model.layers.0.") + (module == "q_proj" ? "self_attn." : "mlp.") + module;
    add(stem + ".lora_A.weight", {lora.rank, lora.inputs(module)}, lora.a(module));
    add(stem + ".lora_B.weight", {lora.outputs(module), lora.rank}, lora.b(module));
    if (lora.dora) add(stem + ".lora_magnitude_vector", {lora.outputs(module)}, lora.magnitude(module));
  }
  const Json config{{"peft_type", "LORA"},
                    {"base_model_name_or_path", "small"},
                    {"r", lora.rank},
                    {"lora_alpha", lora.alpha},
                    {"target_modules", {"q_proj", "down_proj"}},
                    {"bias", "none"},
                    {"use_rslora", lora.rslora},
                    {"use_dora", lora.dora}};
  std::filesystem::create_directories(folder);
  const std::string text = header.dump();
  const std::uint64_t length = text.size();
  std::ofstream(folder / "adapter_model.safetensors", std::ios::binary)
      << std::string(reinterpret_cast<const char*>(&length), sizeof length) << text << data;
  std::ofstream(folder / "adapter_config.json") << config.dump();
}

void write_gguf_lora(const std::filesystem::path& path, const SmallLora& lora, const std::string& architecture) {
  SmallWriter writer;
  gguf_set_val_str(writer.meta, "general.architecture", architecture.c_str());
  gguf_set_val_str(writer.meta, "general.type", "adapter");
  gguf_set_val_str(writer.meta, "general.name", "small");
  gguf_set_val_str(writer.meta, "adapter.type", "lora");
  gguf_set_val_f32(writer.meta, "adapter.lora.alpha", static_cast<float>(lora.alpha));
  for (const std::string module : {"q_proj", "down_proj"}) {
    const std::string tensor = module == "q_proj" ? "blk.0.attn_q.weight" : "blk.0.ffn_down.weight";
    const Matrix b = lora.b(module);
    Matrix rows(b.size());
    for (std::int64_t row = 0; row < lora.outputs(module); ++row) {
      const auto to = module == "q_proj" ? interleaved_row(row, lora.outputs(module) / small_heads) : row;
      std::copy_n(b.begin() + row * lora.rank, lora.rank, rows.begin() + to * lora.rank);
    }
    writer.add(tensor + ".lora_a", {lora.inputs(module), lora.rank}, lora.a(module), GGML_TYPE_F32);
    writer.add(tensor + ".lora_b", {lora.rank, lora.outputs(module)}, rows, GGML_TYPE_F32);
  }
  std::filesystem::create_directories(path.parent_path());
  gguf_write_to_file(writer.meta, path.c_str(), false);
}

}  // namespace twin::models::testing
