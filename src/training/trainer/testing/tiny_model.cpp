#include "training/trainer/testing/tiny_model.h"

#include <fmt/format.h>
#include <gguf.h>

#include <cmath>
#include <random>

#include "training/trainer/families.h"
#include "training/trainer/gguf_writer.h"

namespace twin::training::testing {

namespace {

constexpr std::size_t end_of_turn = 2;

/// As SentencePiece has bytes, so that a token is the byte of its id.
void add_byte_vocabulary(GgufWriter& writer, std::size_t size) {
  std::vector<std::string> tokens;
  std::vector<const char*> texts;
  std::vector<std::int32_t> types(size, 6);
  for (std::size_t id = 0; id < size; ++id) tokens.push_back(fmt::format("<0x{:02X}>", id));
  tokens[end_of_turn] = "</s>";
  types[end_of_turn] = 3;
  for (const auto& token : tokens) texts.push_back(token.c_str());
  writer.set("tokenizer.ggml.model", std::string("llama"));
  writer.set("tokenizer.ggml.add_bos_token", false);
  gguf_set_arr_str(writer.context(), "tokenizer.ggml.tokens", texts.data(), size);
  gguf_set_arr_data(writer.context(), "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types.data(), size);
}

}  // namespace

std::string tiny_model(const TinyModel& options) {
  GgufWriter writer;
  const auto number = [&](const char* key, std::int64_t value) {
    writer.set(options.architecture + "." + key, static_cast<std::uint32_t>(value));
  };
  if (options.tokenizer) gguf_set_kv(writer.context(), options.tokenizer);
  writer.set("general.architecture", options.architecture);
  number("block_count", options.layers);
  number("context_length", options.context);
  number("embedding_length", options.hidden);
  number("feed_forward_length", options.feed_forward);
  number("attention.head_count", options.heads);
  number("attention.head_count_kv", options.kv_heads);
  const auto head_dim = options.head_dim > 0 ? options.head_dim : options.hidden / options.heads;
  number("rope.dimension_count", head_dim);
  number("attention.key_length", head_dim);
  number("attention.value_length", head_dim);
  if (options.window > 0) number("attention.sliding_window", options.window);
  if (options.window_pattern > 0) number("attention.sliding_window_pattern", options.window_pattern);
  writer.set(options.architecture + ".rope.freq_base", options.window > 0 ? 1e6f : 10000.0f);
  writer.set(options.architecture + ".attention.layer_norm_rms_epsilon", 1e-5f);
  if (!options.tokenizer) writer.set("tokenizer.ggml.eos_token_id", static_cast<std::uint32_t>(end_of_turn));
  if (options.byte_vocabulary) add_byte_vocabulary(writer, static_cast<std::size_t>(options.vocabulary));

  std::mt19937_64 random(options.seed);
  const auto add = [&](const std::string& name, const std::vector<std::int64_t>& shape, float spread, float centre) {
    std::size_t count = 1;
    for (const auto n : shape) count *= static_cast<std::size_t>(n);
    std::vector<float> values(count);
    for (auto& v : values) {
      const double unit = static_cast<double>(random() >> 11) * 0x1.0p-53;
      v = centre + spread * static_cast<float>(2.0 * unit - 1.0);
    }
    writer.add(name, shape, values.data(), shape.size() > 1 ? options.type : "F32");
  };
  const auto matrix = [&](const std::string& name, std::int64_t rows, std::int64_t columns) {
    add(name, {rows, columns}, 1.7f / std::sqrt(static_cast<float>(columns)), 0.0f);
  };
  const auto* known = find_family(options.architecture);
  const Family family = known ? *known : Family{};
  add("token_embd.weight", {options.vocabulary, options.hidden}, 0.5f, 0.0f);
  if (!options.tied) matrix("output.weight", options.vocabulary, options.hidden);
  add("output_norm.weight", {options.hidden}, 0.2f, 1.0f);
  for (std::int64_t i = 0; i < options.layers; ++i) {
    const auto name = [&](const char* part) { return fmt::format("blk.{}.{}.weight", i, part); };
    add(name("attn_norm"), {options.hidden}, 0.2f, 1.0f);
    add(name("ffn_norm"), {options.hidden}, 0.2f, 1.0f);
    matrix(name("attn_q"), options.heads * head_dim, options.hidden);
    matrix(name("attn_k"), options.kv_heads * head_dim, options.hidden);
    matrix(name("attn_v"), options.kv_heads * head_dim, options.hidden);
    matrix(name("attn_output"), options.hidden, options.heads * head_dim);
    if (family.attention_bias) {
      const auto bias = [&](const char* part) { return fmt::format("blk.{}.{}.bias", i, part); };
      add(bias("attn_q"), {options.heads * head_dim}, 0.3f, 0.0f);
      add(bias("attn_k"), {options.kv_heads * head_dim}, 0.3f, 0.0f);
      add(bias("attn_v"), {options.kv_heads * head_dim}, 0.3f, 0.0f);
    }
    if (family.head_norms) {
      add(name("attn_q_norm"), {head_dim}, 0.2f, 1.0f);
      add(name("attn_k_norm"), {head_dim}, 0.2f, 1.0f);
    }
    if (family.post_norms) {
      add(name("post_attention_norm"), {options.hidden}, 0.2f, 0.6f);
      add(name("post_ffw_norm"), {options.hidden}, 0.2f, 0.6f);
    }
    matrix(name("ffn_gate"), options.feed_forward, options.hidden);
    matrix(name("ffn_up"), options.feed_forward, options.hidden);
    const bool overflows = i == options.overflowing_layer;
    add(name("ffn_down"), {options.hidden, options.feed_forward}, overflows ? 3e38f : 0.17f, 0.0f);
  }
  return writer.bytes();
}

Result<std::vector<int>> ByteTokenizer::tokenize(std::string_view text, bool special) {
  std::vector<int> ids;
  for (const char c : text) {
    const int byte = static_cast<unsigned char>(c) % 128;
    ids.push_back(special && c == '>' ? 2 : byte);
  }
  return ids;
}

Result<std::string> ByteTokenizer::apply_template(const std::vector<models::Message>& messages,
                                                  bool generation_prompt) {
  std::string text;
  for (const auto& message : messages) text += "<" + message.role + ":" + message.content + ">\n";
  if (generation_prompt) text += "<assistant:";
  return text;
}

Hooks byte_hooks() {
  Hooks hooks;
  hooks.tokenizer = []() -> Result<std::unique_ptr<models::Tokenizer>> { return std::make_unique<ByteTokenizer>(); };
  return hooks;
}

}  // namespace twin::training::testing
