// models/hf/import_decoder: a Hugging Face folder that models/merge wrote comes back as the GGUF that it was; what is
// wrong with one is named. Here, because what is merged needs both.
#include <doctest/doctest.h>
#include <gguf.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/http/http.h"
#include "core/json.h"
#include "models/hf/decoder_config.h"
#include "models/hf/gguf_vocabulary.h"
#include "models/hf/hf_weights.h"
#include "models/hf/import_decoder.h"
#include "models/merge/gguf_rows.h"
#include "models/merge/hf_config.h"
#include "models/merge/merge.h"
#include "models/merge/testing/small_model.h"
#include "models/registry/registry.h"

using namespace twin;
using namespace twin::models;
using namespace twin::models::testing;
namespace fs = std::filesystem;

namespace {

/// A small model merged with an adapter twice: as one GGUF, and as the Hugging Face folder that is imported.
struct Folder {
  TempFolder place;
  fs::path gguf = place.path() / "gguf", hf = place.path() / "hf", out = place.path() / "imported.gguf";

  explicit Folder(const SmallModel& model = {}, std::uint64_t shard_bytes = 5'000'000'000,
                  const std::string& type = "f32") {
    MergeRequest request;
    request.base = place.path() / "base.gguf";
    request.adapter = place.path() / "peft";
    request.learn_chat = false;
    request.base_name = "small";
    request.type = type;
    request.shard_bytes = shard_bytes;
    request.license = "apache-2.0";
    write_small_model(request.base, model);
    write_peft(request.adapter, {});
    for (const auto& [target, format] : {std::pair{gguf, MergeFormat::gguf}, {hf, MergeFormat::safetensors}}) {
      request.target = target;
      request.format = format;
      const auto merged = merge_model(request, silent_progress(), {});
      REQUIRE_MESSAGE(merged.has_value(), merged.error().text());
    }
  }

  [[nodiscard]] Result<DecoderImport> import() const { return import_decoder(hf, out, "small", silent_progress()); }
  [[nodiscard]] fs::path merged() const {
    for (const auto& entry : fs::directory_iterator(gguf))
      if (entry.path().extension() == ".gguf") return entry.path();
    return {};
  }
  [[nodiscard]] Json json(const std::string& name) const { return Json::parse(disk().read(hf / name).value()); }
  void write(const std::string& name, const std::string& text) const {
    REQUIRE(disk().write(hf / name, text).has_value());
  }
  void edit(const std::string& name, const std::function<void(Json&)>& change) const {
    Json changed = json(name);
    change(changed);
    write(name, changed.dump());
  }
};

std::vector<float> values_of(const GgufRows& file, const GgufTensor& tensor) {
  std::vector<float> values;
  value_or_throw(file.read(tensor, 0, tensor.rows(), values));
  return values;
}

/// Every tensor of one file in the other, with the same shape and values; of vectors, up to `tolerance`.
void check_same_tensors(const fs::path& expected, const fs::path& found, float tolerance = 0) {
  const auto a = value_or_throw(GgufRows::open(expected)), b = value_or_throw(GgufRows::open(found));
  CHECK(a.tensors().size() == b.tensors().size());
  for (const GgufTensor& tensor : a.tensors()) {
    CAPTURE(tensor.name);
    const GgufTensor* const other = b.find(tensor.name);
    REQUIRE(other != nullptr);
    CHECK(other->sizes == tensor.sizes);
    CHECK(other->type == tensor.type);
    const auto x = values_of(a, tensor), y = values_of(b, *other);
    REQUIRE(x.size() == y.size());
    float largest = 0;
    for (std::size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(x[i] - y[i]));
    CHECK(largest <= (tensor.dimensions > 1 ? 0.0F : tolerance));
  }
}

void check_same_metadata(const fs::path& expected, const fs::path& found, const std::string& architecture) {
  const auto a = value_or_throw(GgufFile::open(expected)), b = value_or_throw(GgufFile::open(found));
  CHECK(b.text("general.architecture") == architecture);
  for (const char* key : {"block_count", "context_length", "embedding_length", "feed_forward_length",
                          "attention.head_count", "attention.head_count_kv"}) {
    const std::string name = architecture + "." + key;
    CAPTURE(name);
    CHECK(b.number(name) == a.number(name));
  }
  for (const char* key : {"rope.freq_base", "attention.layer_norm_rms_epsilon"})
    CHECK(gguf_real(b, architecture + "." + key) == gguf_real(a, architecture + "." + key));
  const auto mine = read_vocabulary(a), theirs = read_vocabulary(b);
  CHECK(mine.tokens == theirs.tokens);
  CHECK(mine.types == theirs.types);
  CHECK(mine.merges == theirs.merges);
  for (const char* key : {"tokenizer.ggml.model", "tokenizer.ggml.pre", "tokenizer.chat_template"})
    CHECK(b.text(key) == a.text(key));
  for (const char* key : {"tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id"})
    CHECK(b.number(key) == a.number(key));
  CHECK(adds_bos_token(a) == adds_bos_token(b));
}

SmallModel gemma() {
  SmallModel model{.architecture = "gemma3", .more = {}, .metadata = {}};
  for (const char* norm : {"post_attention_norm", "post_ffw_norm"})
    model.more["blk.0." + std::string(norm) + ".weight"] = {small_hidden};
  for (const char* norm : {"attn_q_norm", "attn_k_norm"})
    model.more["blk.0." + std::string(norm) + ".weight"] = {small_hidden / small_heads};
  model.metadata = [](gguf_context* meta) { gguf_set_val_u32(meta, "gemma3.attention.sliding_window", 16); };
  return model;
}

SmallModel qwen(const std::string& architecture) {
  SmallModel model{.architecture = architecture, .more = {}};
  const std::int64_t head = small_hidden / small_heads;
  if (architecture == "qwen3") {
    model.more = {{"blk.0.attn_q_norm.weight", {head}}, {"blk.0.attn_k_norm.weight", {head}}};
  } else {
    model.more = {{"blk.0.attn_q.bias", {small_hidden}},
                  {"blk.0.attn_k.bias", {head * small_kv_heads}},
                  {"blk.0.attn_v.bias", {head * small_kv_heads}}};
  }
  return model;
}

}  // namespace

TEST_CASE("hf import: what was written as a Hugging Face folder comes back as the GGUF it was, of every family") {
  for (const SmallModel& model : {SmallModel{}, qwen("qwen2"), qwen("qwen3"), gemma(),
                                  SmallModel{.more = {{"output.weight", {small_hidden, small_vocab}}}}}) {
    CAPTURE(model.architecture);
    const Folder folder(model);
    const auto imported = folder.import();
    REQUIRE_MESSAGE(imported.has_value(), imported.error().text());
    CHECK(imported->notes.empty());
    // A norm less one and more one again is rounded.
    check_same_tensors(folder.merged(), folder.out, model.architecture == "gemma3" ? 1e-6F : 0);
    check_same_metadata(folder.merged(), folder.out, model.architecture);
    const auto info = value_or_throw(read_gguf(folder.out));
    CHECK(info.quantization == "F32");
    CHECK(info.license == "apache-2.0");
  }
}

TEST_CASE("hf import: narrow types stay as they are; shards give the same bytes as one file") {
  for (const char* type : {"f16", "bf16"}) {
    const Folder whole({}, 5'000'000'000, type), split({}, 3000, type);
    CHECK(disk().exists(split.hf / "model.safetensors.index.json"));
    REQUIRE(whole.import().has_value());
    REQUIRE(split.import().has_value());
    CHECK(disk().read(whole.out).value() == disk().read(split.out).value());
    check_same_tensors(whole.merged(), whole.out, 4e-3F);  // the folder's vectors are narrow, too
    CHECK(value_or_throw(read_gguf(whole.out)).quantization == (type == std::string("f16") ? "F16" : "BF16"));
    CHECK(decoder_folder_sha256(whole.hf).value() != decoder_folder_sha256(split.hf).value());
  }
}

TEST_CASE("hf import: RoPE in the old and the new spelling, Llama 3's scaling as divisors, linear as a factor") {
  const Folder folder;
  const auto base = [&] { return gguf_real(value_or_throw(GgufFile::open(folder.out)), "llama.rope.freq_base"); };
  folder.edit("config.json", [](Json& config) {
    config.erase("rope_theta");
    config["rope_parameters"] = {{"rope_type", "default"}, {"rope_theta", 50000.0}};
  });
  REQUIRE(folder.import().has_value());
  CHECK(base() == 50000.0);

  folder.edit("config.json", [](Json& config) {
    config["rope_parameters"] = {{"rope_type", "linear"}, {"factor", 4.0}, {"rope_theta", 10000.0}};
  });
  REQUIRE(folder.import().has_value());
  const auto linear = value_or_throw(GgufFile::open(folder.out));
  CHECK(linear.text("llama.rope.scaling.type") == "linear");
  CHECK(gguf_real(linear, "llama.rope.scaling.factor") == 4.0);

  folder.edit("config.json", [](Json& config) {
    config.erase("rope_parameters");
    config["rope_theta"] = 500000.0;
    config["rope_scaling"] = {{"rope_type", "llama3"},
                              {"factor", 32.0},
                              {"low_freq_factor", 1.0},
                              {"high_freq_factor", 4.0},
                              {"original_max_position_embeddings", 8192}};
  });
  REQUIRE(folder.import().has_value());
  CHECK(base() == 500000.0);
  const auto rows = value_or_throw(GgufRows::open(folder.out));
  REQUIRE(rows.find("rope_freqs.weight") != nullptr);
  const auto divisors = values_of(rows, *rows.find("rope_freqs.weight"));
  CHECK(divisors.front() == 1.0F);
  CHECK(divisors.back() == 32.0F);
  // The exporter knows these divisors as the published settings.
  const auto* const family = find_architecture("llama");
  std::vector<std::string> notes;
  const auto config = hf_config(*family, rows, FloatType::f32, notes);
  REQUIRE(config.has_value());
  CHECK((*config)["rope_scaling"]["factor"] == 32.0);
}

TEST_CASE(
    "hf import: Mistral's context ends where its attention begins to slide; Phi-3's joined matrices are divided") {
  const Folder folder;
  folder.edit("config.json", [](Json& config) {
    config["model_type"] = "mistral";
    config["sliding_window"] = 64;
  });
  const auto imported = folder.import();
  REQUIRE_MESSAGE(imported.has_value(), imported.error().text());
  CHECK(imported->notes.size() == 1);
  CHECK(value_or_throw(GgufFile::open(folder.out)).number("llama.context_length") == 64);
  check_same_tensors(folder.merged(), folder.out);

  // The same weights, q over k over v and gate over up, as Phi-3 has them.
  const auto weights = value_or_throw(HfWeights::open(folder.hf));
  Json header = Json::object();
  std::string data;
  const auto put = [&](const std::string& name, const std::vector<std::string>& sources) {
    const auto begin = data.size();
    auto shape = weights.find(sources.front())->shape;
    if (sources.size() > 1) shape[0] = 0;
    for (const std::string& source : sources) {
      data += value_or_throw(weights.read_bytes(source));
      if (sources.size() > 1) shape[0] += weights.find(source)->shape[0];
    }
    header[name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {begin, data.size()}}};
  };
  const std::string attention = "model.layers.0.self_attn.", ffn = "model.layers.0.mlp.";
  put(attention + "qkv_proj.weight",
      {attention + "q_proj.weight", attention + "k_proj.weight", attention + "v_proj.weight"});
  put(ffn + "gate_up_proj.weight", {ffn + "gate_proj.weight", ffn + "up_proj.weight"});
  for (const std::string& name : weights.names()) {
    const bool joined = name.find("q_proj") != std::string::npos || name.find("k_proj") != std::string::npos ||
                        name.find("v_proj") != std::string::npos || name.find("gate_proj") != std::string::npos ||
                        name.find("up_proj") != std::string::npos;
    if (!joined) put(name, {name});
  }
  const std::string text = header.dump();
  const std::uint64_t length = text.size();
  folder.write("model.safetensors", std::string(reinterpret_cast<const char*>(&length), sizeof length) + text + data);
  folder.edit("config.json", [](Json& config) {
    config["model_type"] = "phi3";
    config["sliding_window"] = nullptr;
  });
  const auto divided = folder.import();
  REQUIRE_MESSAGE(divided.has_value(), divided.error().text());
  CHECK(divided->notes.empty());
  check_same_tensors(folder.merged(), folder.out);
}

TEST_CASE("hf import: damaged, missing and foreign files are named, and nothing is left") {
  const auto refused = [](const Folder& folder, ErrorKind kind, const std::string& says) {
    const auto result = folder.import();
    REQUIRE_FALSE(result.has_value());
    CAPTURE(result.error().text());
    CHECK(result.error().kind == kind);
    CHECK(result.error().text().find(says) != std::string::npos);
    CHECK_FALSE(fs::exists(folder.out));
    CHECK_FALSE(fs::exists(folder.out.string() + ".tmp"));
  };
  const Folder split({}, 6000);
  fs::path first;
  for (const auto& entry : fs::directory_iterator(split.hf))
    if (entry.path().extension() == ".safetensors" && (first.empty() || entry.path() < first)) first = entry.path();
  const std::string whole = disk().read(first).value();
  REQUIRE(disk().write(first, whole.substr(0, whole.size() - 7)).has_value());
  refused(split, ErrorKind::invalid, "data outside the file");
  fs::remove(first);
  refused(split, ErrorKind::not_found, "A file of the weights is missing: " + first.filename().string());
  split.edit("model.safetensors.index.json", [](Json& index) { index["weight_map"]["model.norm.weight"] = "../x"; });
  refused(split, ErrorKind::invalid, "The index of the weights is not understood");

  const Folder folder;
  const std::string config = disk().read(folder.hf / "config.json").value();
  const std::string tokenizer = disk().read(folder.hf / "tokenizer.json").value();
  const std::string weights = disk().read(folder.hf / "model.safetensors").value();
  struct Case {
    std::string key;
    Json value;
    std::string says;
  };
  for (const Case& wrong : std::vector<Case>{
           {"model_type", "mamba", "its type is 'mamba'"},
           {"hidden_act", "relu", "its activation is 'relu'"},
           {"quantization_config", {{"quant_method", "gptq"}}, "quantized"},
           {"rope_scaling", {{"rope_type", "yarn"}, {"factor", 4.0}}, "'yarn'"},
           {"num_hidden_layers", 2, "lack tensor model.layers.1."},
           {"num_hidden_layers", 0, "num_hidden_layers is out of range"},
           {"num_hidden_layers", "two", "Unusable model configuration"},
           {"intermediate_size", 65, "model.layers.0.mlp.gate_proj.weight has the shape 64×32, config.json says 65×32"},
           {"tie_word_embeddings", false, "lack tensor lm_head.weight"},
           {"mlp_bias", true, "feed-forward layers have biases"},
           {"attention_bias", true, "lack tensor model.layers.0.self_attn.q_proj.bias"},
           {"vocab_size", small_vocab - 1, "The vocabulary has a token of id 39, the embedding 39 rows"},
           {"vocab_size", small_vocab + 1, "model.embed_tokens.weight has the shape 40×32, config.json says 41×32"}}) {
    CAPTURE(wrong.key);
    folder.edit("config.json", [&](Json& json) { json[wrong.key] = wrong.value; });
    refused(folder, ErrorKind::invalid, wrong.says);
    folder.write("config.json", config);
  }
  folder.edit("tokenizer.json", [](Json& json) { json["model"]["vocab"]["zz"] = 7; });
  refused(folder, ErrorKind::invalid, "two tokens have the id 7");
  folder.write("tokenizer.json", tokenizer);
  folder.edit("tokenizer.json", [](Json& json) { json["added_tokens"][0]["content"] = "<other>"; });
  refused(folder, ErrorKind::invalid, "Two tokens have the id 0");
  folder.write("tokenizer.json", tokenizer);
  folder.edit("tokenizer.json", [](Json& json) { json["pre_tokenizer"] = {{"type", "Whitespace"}}; });
  refused(folder, ErrorKind::invalid, "rules of cutting a text");
  folder.edit("tokenizer.json", [](Json& json) { json["model"]["type"] = "Unigram"; });
  refused(folder, ErrorKind::invalid, "its model is 'Unigram'");
  folder.write("tokenizer.json", "{");
  refused(folder, ErrorKind::invalid, "The tokenizer is not understood");
  fs::remove(folder.hf / "tokenizer.json");
  refused(folder, ErrorKind::not_found, "There is no tokenizer here");
  folder.write("tokenizer.json", tokenizer);

  folder.write("model.safetensors", weights.substr(0, weights.size() / 2));
  refused(folder, ErrorKind::invalid, "data outside the file");
  std::string renamed = weights;
  const auto at = renamed.find("model.norm.weight");
  renamed.replace(at, 17, "model.morn.weight");
  folder.write("model.safetensors", renamed);
  refused(folder, ErrorKind::invalid, "lack tensor model.norm.weight");
  std::string integers = weights;
  integers.replace(integers.find("\"F32\""), 5, "\"I32\"");
  folder.write("model.safetensors", integers);
  refused(folder, ErrorKind::invalid, "is of type I32");
  fs::remove(folder.hf / "model.safetensors");
  folder.write("pytorch_model.bin", "pickle");
  refused(folder, ErrorKind::not_found, "Pickled weights");
  folder.write("model.safetensors", weights);
  REQUIRE(folder.import().has_value());
}

TEST_CASE("hf import: a tensor that has no place is refused by name") {
  const Folder folder({.more = {{"output.weight", {small_hidden, small_vocab}}}});
  folder.edit("config.json", [](Json& json) { json["tie_word_embeddings"] = true; });
  CHECK(folder.import().has_value());  // a copy of the embedding is nothing else
  std::string weights = disk().read(folder.hf / "model.safetensors").value();
  weights.replace(weights.find("lm_head.weight"), 14, "lm_tail.weight");
  folder.write("model.safetensors", weights);
  const auto result = folder.import();
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().message == "Tensor lm_tail.weight has no place in LlamaForCausalLM");
}

TEST_CASE("hf import: into the registry, with the content's hash, without a copy of the weights") {
  const Folder folder;
  ModelRegistry registry(folder.place.path() / "models");
  const auto http = make_http_client();
  const auto model = pull(registry, *http, folder.hf.string(), {}, silent_progress());
  REQUIRE_MESSAGE(model.has_value(), model.error().text());
  CHECK(model->id == "hf");
  CHECK(model->kind == "base");
  CHECK(model->family == "llama");
  CHECK(model->license == "apache-2.0");
  CHECK(model->chat_template == "{{ messages }}");
  CHECK(model->details.at("source_sha256") == decoder_folder_sha256(folder.hf).value());
  REQUIRE(model->files.size() == 1);
  CHECK(model->files.front().name == "hf.gguf");
  check_same_tensors(folder.merged(), registry.gguf("hf").value());
  folder.edit("config.json", [](Json& json) { json["rms_norm_eps"] = 1e-6; });
  CHECK(model->details.at("source_sha256") != decoder_folder_sha256(folder.hf).value());
  CHECK(is_decoder_folder(folder.hf));
  CHECK_FALSE(is_decoder_folder(folder.gguf));
}
