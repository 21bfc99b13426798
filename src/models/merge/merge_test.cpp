#include "models/merge/merge.h"

#include <doctest/doctest.h>
#include <gguf.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "models/hf/architectures.h"
#include "models/merge/gguf_rows.h"
#include "models/merge/testing/small_model.h"
#include "models/registry/safetensors.h"

using namespace twin;
using namespace twin::models;
using namespace twin::models::testing;
namespace fs = std::filesystem;

namespace {

Matrix tensor_of(const fs::path& file, const std::string& name) {
  const auto rows = value_or_throw(GgufRows::open(file));
  const GgufTensor* const tensor = rows.find(name);
  REQUIRE(tensor != nullptr);
  Matrix values;
  value_or_throw(rows.read(*tensor, 0, tensor->rows(), values));
  return values;
}

/// W + scale·B·A in double, rows in Hugging Face's order, of a base whose values are `w` in the GGUF's order.
std::vector<double> expected_merge(const SmallLora& lora, const std::string& module, const Matrix& w, double scale) {
  const auto n = lora.inputs(module), m = lora.outputs(module);
  const Matrix a = lora.a(module), b = lora.b(module);
  std::vector<double> merged(static_cast<std::size_t>(n * m));
  for (std::int64_t row = 0; row < m; ++row) {
    const auto from = module == "q_proj" ? interleaved_row(row, m / small_heads) : row;
    for (std::int64_t i = 0; i < n; ++i) {
      double value = w[static_cast<std::size_t>(from * n + i)];
      for (std::int64_t k = 0; k < lora.rank; ++k)
        value += scale * static_cast<double>(b[static_cast<std::size_t>(row * lora.rank + k)]) *
                 static_cast<double>(a[static_cast<std::size_t>(k * n + i)]);
      merged[static_cast<std::size_t>(row * n + i)] = value;
    }
  }
  return merged;
}

struct Place {
  TempFolder folder;
  fs::path base = folder.path() / "base.gguf", peft = folder.path() / "peft", gguf = folder.path() / "lora.gguf";
  fs::path out = folder.path() / "out" / "merged";

  explicit Place(const SmallModel& model = {}, const SmallLora& lora = {}) {
    write_small_model(base, model);
    write_peft(peft, lora);
    write_gguf_lora(gguf, lora);
  }
  [[nodiscard]] MergeRequest request(const std::string& type = "f32") const {
    MergeRequest request;
    request.base = base;
    request.adapter = peft;
    request.target = out;
    request.type = type;
    request.base_name = "small";
    request.learn_chat = false;
    return request;
  }
  /// What lies where the merged folder was to be.
  [[nodiscard]] std::vector<std::string> left() const {
    std::vector<std::string> names;
    if (fs::exists(out.parent_path()))
      for (const auto& entry : fs::directory_iterator(out.parent_path()))
        names.push_back(entry.path().filename().string());
    return names;
  }
};

Result<MergeResult> merge(const MergeRequest& request) {
  return merge_model(request, silent_progress(), {});
}

double largest_difference(const Matrix& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  double largest = 0;
  for (std::size_t i = 0; i < found.size(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(found[i]) - expected[i]));
  return largest;
}

Matrix in_hf_order(const Matrix& q, std::int64_t columns) {
  Matrix rows(q.size());
  const auto outputs = static_cast<std::int64_t>(q.size()) / columns;
  for (std::int64_t row = 0; row < outputs; ++row)
    std::copy_n(q.begin() + interleaved_row(row, outputs / small_heads) * columns, columns,
                rows.begin() + row * columns);
  return rows;
}

}  // namespace

TEST_CASE("merge: W + alpha/r B A in float32, the rest as it was, from either form of the adapter") {
  const Place place;
  const SmallLora lora;
  auto request = place.request();
  request.license = "mit";
  const auto result = merge(request);
  REQUIRE_MESSAGE(result.has_value(), result.error().text());
  CHECK(result->changed == 2);
  CHECK(result->tensors == 11);
  const fs::path file = place.out / "merged.F32.gguf";
  const auto q = in_hf_order(tensor_of(file, "blk.0.attn_q.weight"), small_hidden);
  CHECK(largest_difference(q, expected_merge(lora, "q_proj", tensor_of(place.base, "blk.0.attn_q.weight"), 2)) < 1e-6);
  const auto down = tensor_of(file, "blk.0.ffn_down.weight");
  CHECK(largest_difference(down, expected_merge(lora, "down_proj", tensor_of(place.base, "blk.0.ffn_down.weight"), 2)) <
        1e-6);
  for (const char* name : {"token_embd.weight", "blk.0.attn_k.weight", "output_norm.weight"})
    CHECK(tensor_of(file, name) == tensor_of(place.base, name));
  const auto written = value_or_throw(GgufFile::open(file));
  CHECK(written.text("general.name") == "merged");
  CHECK(written.text("general.base_model.0.name") == "Small");
  CHECK(written.number("general.file_type") == 0);
  CHECK(written.array_size("tokenizer.ggml.tokens") == small_vocab);
  CHECK(written.text("tokenizer.chat_template") == "{{ messages }}");
  CHECK(disk().read(place.out / "README.md").value().find("license: \"mit\"") != std::string::npos);
  CHECK(place.left() == std::vector<std::string>{"merged"});

  const std::string from_peft = disk().read(file).value();
  request.adapter = place.gguf;
  request.force = true;
  REQUIRE(merge(request).has_value());
  CHECK(disk().read(file).value() == from_peft);
}

TEST_CASE("merge: the scale of rsLoRA, the lengths of DoRA") {
  SmallLora lora;
  lora.rslora = true;
  const Place stabilized({}, lora);
  REQUIRE(merge(stabilized.request()).has_value());
  CHECK(largest_difference(tensor_of(stabilized.out / "merged.F32.gguf", "blk.0.ffn_down.weight"),
                           expected_merge(lora, "down_proj", tensor_of(stabilized.base, "blk.0.ffn_down.weight"),
                                          6 / std::sqrt(3.0))) < 1e-5);

  lora = {};
  lora.dora = true;
  const Place decomposed({}, lora);
  REQUIRE(merge(decomposed.request()).has_value());
  const auto merged = tensor_of(decomposed.out / "merged.F32.gguf", "blk.0.ffn_down.weight");
  auto expected = expected_merge(lora, "down_proj", tensor_of(decomposed.base, "blk.0.ffn_down.weight"), 2);
  for (std::int64_t row = 0; row < small_hidden; ++row) {
    double square = 0;
    for (std::int64_t i = 0; i < small_ff; ++i)
      square += std::pow(expected[static_cast<std::size_t>(row * small_ff + i)], 2);
    const double length = lora.magnitude("down_proj")[static_cast<std::size_t>(row)];
    for (std::int64_t i = 0; i < small_ff; ++i)
      expected[static_cast<std::size_t>(row * small_ff + i)] *= length / std::sqrt(square);
  }
  CHECK(largest_difference(merged, expected) < 1e-5);
}

TEST_CASE("merge: narrow types for matrices, float32 for vectors; a quantized base is widened first") {
  const Place place({.type = GGML_TYPE_Q8_0});
  for (const auto& [name, file, stored, tolerance] : {std::tuple{"f16", "merged.F16.gguf", GGML_TYPE_F16, 4e-3},
                                                      {"bf16", "merged.BF16.gguf", GGML_TYPE_BF16, 3e-2}}) {
    const std::string type = name;
    CAPTURE(type);
    auto request = place.request(type);
    request.force = true;
    REQUIRE(merge(request).has_value());
    const auto rows = value_or_throw(GgufRows::open(place.out / file));
    CHECK(rows.find("blk.0.ffn_down.weight")->type == stored);
    CHECK(rows.find("token_embd.weight")->type == stored);
    CHECK(rows.find("blk.0.attn_norm.weight")->type == GGML_TYPE_F32);
    const auto expected = expected_merge({}, "down_proj", tensor_of(place.base, "blk.0.ffn_down.weight"), 2);
    CHECK(largest_difference(tensor_of(place.out / file, "blk.0.ffn_down.weight"), expected) < tolerance);
  }
}

TEST_CASE("merge: an adapter that does not fit is refused by the name of its tensor, and nothing is left") {
  const auto refused = [](const Place& place, const MergeRequest& request, const std::string& says) {
    const auto result = merge(request);
    REQUIRE_FALSE(result.has_value());
    CAPTURE(result.error().text());
    CHECK(result.error().text().find(says) != std::string::npos);
    CHECK(place.left().empty());
  };
  SmallLora wider;
  wider.hidden = 48;
  const Place other({}, wider);
  refused(other, other.request(), "its update of blk.0.attn_q.weight is 48×48, the tensor of");
  auto request = other.request();
  request.adapter = other.gguf;
  refused(other, request, "blk.0.attn_q.weight");

  const Place place;
  const auto foreign = place.folder.path() / "qwen.gguf";
  write_gguf_lora(foreign, {}, "qwen2");
  request = place.request();
  request.adapter = foreign;
  refused(place, request, "architecture qwen2");
  request.adapter = place.base;
  refused(place, request, "no LoRA adapter");
  request.adapter = place.folder.path() / "absent";
  refused(place, request, "no adapter here");
  request.quantize = "q9_x";
  refused(place, request, "Unknown type q9_x");

  // Truncated files.
  for (const fs::path& file : {place.base, place.gguf, place.peft / "adapter_model.safetensors"}) {
    CAPTURE(file.string());
    const std::string whole = disk().read(file).value();
    REQUIRE(disk().write(file, whole.substr(0, whole.size() * 3 / 4)).has_value());
    request = place.request();
    if (file == place.gguf) request.adapter = file;
    const auto result = merge(request);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().kind == ErrorKind::invalid);
    CHECK(place.left().empty());
    REQUIRE(disk().write(file, whole).has_value());
  }
  REQUIRE(merge(place.request()).has_value());
}

TEST_CASE("merge: settings of an adapter that a merge cannot express are refused by name") {
  const Place place;
  const auto file = place.peft / "adapter_config.json";
  const Json good = Json::parse(disk().read(file).value());
  for (const auto& [key, value] : {std::pair<const char*, Json>{"peft_type", "IA3"},
                                   {"bias", "all"},
                                   {"modules_to_save", {"lm_head"}},
                                   {"alpha_pattern", {{"q_proj", 4}}},
                                   {"fan_in_fan_out", true},
                                   {"lora_alpha", "six"}}) {
    Json bad = good;
    bad[key] = value;
    REQUIRE(disk().write(file, bad.dump()).has_value());
    const auto result = merge(place.request());
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().message.find(key) != std::string::npos);
  }
  REQUIRE(disk().write(file, "{").has_value());
  CHECK_FALSE(merge(place.request()).has_value());
}

TEST_CASE("merge: values that are not finite, or too large for f16, are refused by tensor") {
  SmallLora lora;
  lora.alpha = 1e6;
  const Place large({}, lora);
  auto result = merge(large.request("f16"));
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().message.find("too large for f16") != std::string::npos);
  CHECK(large.left().empty());
  CHECK(merge(large.request("bf16")).has_value());

  lora.alpha = std::numeric_limits<double>::infinity();
  const Place endless({}, {});
  write_gguf_lora(endless.gguf, lora);
  auto request = endless.request();
  request.adapter = endless.gguf;
  result = merge(request);
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().message.find("no longer finite") != std::string::npos);
}

TEST_CASE("merge: only an earlier merge is replaced, by --force; what killed merges left is removed") {
  const Place place;
  REQUIRE(merge(place.request()).has_value());
  CHECK(merge(place.request()).error().hint.find("--force") != std::string::npos);
  auto request = place.request("f16");
  request.force = true;
  fs::create_directories(place.out.parent_path() / ".merged.staged-4194999");  // above the kernel's largest pid
  REQUIRE(merge(request).has_value());
  CHECK(place.left() == std::vector<std::string>{"merged"});
  CHECK_FALSE(fs::exists(place.out / "merged.F32.gguf"));

  request.target = place.folder.path() / "mine";
  REQUIRE(disk().write(request.target / "diary.txt", "dear").has_value());
  CHECK(merge(request).error().message.find("Something else") != std::string::npos);
  CHECK(fs::exists(request.target / "diary.txt"));
}

TEST_CASE("merge: stopping leaves nothing, and the folder of an earlier merge as it was") {
  const Place place;
  REQUIRE(merge(place.request()).has_value());
  const std::string before = disk().read(place.out / "merged.F32.gguf").value();
  std::stop_source stop;
  stop.request_stop();
  auto request = place.request("f16");
  request.force = true;
  CHECK(merge_model(request, silent_progress(), stop.get_token()).error().kind == ErrorKind::cancelled);
  CHECK(disk().read(place.out / "merged.F32.gguf").value() == before);
  CHECK(place.left() == std::vector<std::string>{"merged"});
}

TEST_CASE("merge: a base without a chat template gets the one that it was trained with") {
  const Place place({.metadata = [](gguf_context* meta) { gguf_remove_key(meta, "tokenizer.chat_template"); }});
  const auto result = merge(place.request());
  REQUIRE(result.has_value());
  const auto file = value_or_throw(GgufFile::open(place.out / "merged.F32.gguf"));
  CHECK(file.text("tokenizer.chat_template").value_or("").find("<|im_start|>") != std::string::npos);
  REQUIRE(result->notes.size() == 1);
  CHECK(result->notes.front().find("chatml") != std::string::npos);
}

TEST_CASE("merge: safetensors have Hugging Face's names and rows, in files up to the size that is asked for") {
  const Place place;
  auto request = place.request();
  request.format = MergeFormat::safetensors;
  REQUIRE(merge(request).has_value());
  const auto whole = value_or_throw(Safetensors::open(place.out / "model.safetensors"));
  CHECK(whole.entries().size() == 11);
  CHECK(whole.entries().at("model.layers.0.self_attn.k_proj.weight").shape == std::vector<std::int64_t>{16, 32});
  const auto expected = expected_merge({}, "q_proj", tensor_of(place.base, "blk.0.attn_q.weight"), 2);
  CHECK(largest_difference(value_or_throw(whole.read("model.layers.0.self_attn.q_proj.weight")), expected) < 1e-6);
  CHECK(value_or_throw(whole.read("model.norm.weight")) == tensor_of(place.base, "output_norm.weight"));
  const Json config = Json::parse(disk().read(place.out / "config.json").value());
  CHECK(config["architectures"] == Json{"LlamaForCausalLM"});
  CHECK(config["tie_word_embeddings"] == true);
  CHECK(config["rms_norm_eps"] == 1e-5);
  CHECK(config["vocab_size"] == small_vocab);
  const Json tokenizer = Json::parse(disk().read(place.out / "tokenizer.json").value());
  CHECK(tokenizer["model"]["vocab"].size() == static_cast<std::size_t>(small_vocab));
  CHECK(tokenizer["added_tokens"].size() == 3);

  std::map<std::string, Matrix> values;
  for (const auto& [name, entry] : whole.entries()) values[name] = value_or_throw(whole.read(name));
  request.force = true;
  request.shard_bytes = 6000;
  const auto split = merge(request);
  REQUIRE(split.has_value());
  const Json index = Json::parse(disk().read(place.out / "model.safetensors.index.json").value());
  CHECK(index["weight_map"].size() == 11);
  std::uint64_t total = 0;
  for (const auto& [name, file] : index["weight_map"].items()) {
    const auto shard = value_or_throw(Safetensors::open(place.out / file.get<std::string>()));
    REQUIRE(shard.entries().contains(name));
    CHECK(value_or_throw(shard.read(name)) == values.at(name));
    total += shard.entries().at(name).elements() * 4;
  }
  CHECK(index["metadata"]["total_size"] == total);
  CHECK_FALSE(fs::exists(place.out / "model.safetensors"));
}

TEST_CASE("merge: Gemma's norms are Hugging Face's plus one; a tensor without a place is named") {
  const std::map<std::string, std::vector<std::int64_t>> norms = {{"blk.0.attn_q_norm.weight", {16}},
                                                                  {"blk.0.attn_k_norm.weight", {16}},
                                                                  {"blk.0.post_attention_norm.weight", {32}},
                                                                  {"blk.0.post_ffw_norm.weight", {32}}};
  const Place place({.architecture = "gemma3", .more = norms});
  auto request = place.request();
  request.format = MergeFormat::safetensors;
  const auto result = merge(request);
  REQUIRE_MESSAGE(result.has_value(), result.error().text());
  const auto file = value_or_throw(Safetensors::open(place.out / "model.safetensors"));
  const auto norm = value_or_throw(file.read("model.layers.0.pre_feedforward_layernorm.weight"));
  const auto stored = tensor_of(place.base, "blk.0.ffn_norm.weight");
  for (std::size_t i = 0; i < norm.size(); ++i) CHECK(norm[i] == stored[i] - 1.0F);
  CHECK(Json::parse(disk().read(place.out / "config.json").value())["model_type"] == "gemma3_text");

  const Place odd({.more = {{"blk.0.ffn_gate_inp.weight", {32, 4}}}});
  request = odd.request();
  request.format = MergeFormat::safetensors;
  CHECK(merge(request).error().message.find("blk.0.ffn_gate_inp.weight") != std::string::npos);
  CHECK(odd.left().empty());
}
