#include "training/trainer/peft.h"

#include <ATen/Functions.h>
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/files.h"
#include "models/registry/safetensors.h"
#include "training/trainer/gguf_reader.h"
#include "training/trainer/gguf_writer.h"
#include "training/trainer/tensor_file.h"

using namespace twin;
using namespace twin::training;

namespace {

const ModelShape shape{.family = *find_family("llama"),
                       .layers = 2,
                       .hidden = 16,
                       .heads = 4,
                       .kv_heads = 2,
                       .head_dim = 4,
                       .feed_forward = 24,
                       .vocabulary = 32,
                       .context = 64};

Adapter some_adapter(std::vector<std::string> targets) {
  LoraConfig config;
  config.r = 3;
  config.alpha = 6;
  config.targets = std::move(targets);
  Adapter adapter(shape, config);
  adapter.initialize(1);
  adapter.weights.copy_(at::linspace(-1, 1, adapter.weights.numel()));
  return adapter;
}

}  // namespace

TEST_CASE("adapter: fresh weights do not change the model and depend on the seed alone") {
  Adapter a(shape, LoraConfig{});
  Adapter b(shape, LoraConfig{});
  a.initialize(3);
  b.initialize(3);
  CHECK(a.weights.equal(b.weights));
  b.initialize(4);
  CHECK_FALSE(a.weights.equal(b.weights));
  for (const auto& pair : a.pairs()) {
    CHECK(pair.b.abs().max().item<float>() == 0.0f);
    CHECK(pair.a.abs().max().item<float>() > 0.0f);
  }
  LoraConfig unknown;
  unknown.targets = {"lm_head"};
  CHECK_THROWS_AS(Adapter(shape, unknown), Fatal);
}

TEST_CASE("peft: an adapter survives writing and reading") {
  const TempFolder folder;
  const auto adapter = some_adapter({"down_proj", "q_proj"});
  REQUIRE(write_peft(folder.path(), adapter, "org/base").has_value());
  const auto config = Json::parse(disk().read(folder.path() / "adapter_config.json").value());
  CHECK(config["peft_type"] == "LORA");
  CHECK(config["r"] == 3);
  CHECK(config["base_model_name_or_path"] == "org/base");
  const auto file = models::Safetensors::open(folder.path() / "adapter_model.safetensors");
  REQUIRE(file.has_value());
  CHECK(file->entries().size() == 8);
  CHECK(file->entries().contains("base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight"));
  CHECK(file->entries().contains("base_model.model.model.layers.0.mlp.down_proj.lora_B.weight"));

  const auto read = read_peft(folder.path(), shape);
  REQUIRE(read.has_value());
  CHECK((*read)->scale() == 2.0);
  CHECK((*read)->weights.equal(adapter.weights));
}

TEST_CASE("peft: DoRA's lengths are written as PEFT names them, and read again") {
  const TempFolder folder;
  LoraConfig config;
  config.r = 3;
  config.dora = true;
  config.targets = {"down_proj", "q_proj"};
  Adapter adapter(shape, config);
  adapter.weights.copy_(at::linspace(-1, 1, adapter.weights.numel()));
  REQUIRE(write_peft(folder.path(), adapter, "org/base").has_value());
  CHECK(Json::parse(disk().read(folder.path() / "adapter_config.json").value())["use_dora"] == true);
  const auto file = models::Safetensors::open(folder.path() / "adapter_model.safetensors");
  REQUIRE(file.has_value());
  CHECK(file->entries().size() == 12);
  const auto lengths = file->entries().find("base_model.model.model.layers.1.self_attn.q_proj.lora_magnitude_vector");
  REQUIRE(lengths != file->entries().end());
  CHECK(lengths->second.shape == std::vector<std::int64_t>{16});
  const auto read = read_peft(folder.path(), shape);
  REQUIRE(read.has_value());
  CHECK((*read)->weights.equal(adapter.weights));
}

TEST_CASE("peft: adapters of another kind, shape or with damage are refused") {
  const TempFolder folder;
  REQUIRE(write_peft(folder.path(), some_adapter({"q_proj"}), "b").has_value());
  auto other = shape;
  other.hidden = 20;
  CHECK_FALSE(read_peft(folder.path(), other).has_value());
  other = shape;
  other.layers = 3;
  CHECK_FALSE(read_peft(folder.path(), other).has_value());

  const auto file = folder.path() / "adapter_config.json";
  const auto good = Json::parse(disk().read(file).value());
  for (const auto& each : {std::pair<const char*, Json>{"use_dora", true},
                           {"peft_type", "IA3"},
                           {"r", "eight"},
                           {"r", 0},
                           {"rank_pattern", {{"q_proj", 4}}},
                           {"target_modules", "all-linear"},
                           {"target_modules", {"lm_head"}}}) {
    CAPTURE(each.first);
    auto bad = good;
    bad[each.first] = each.second;
    REQUIRE(disk().write(file, bad.dump()).has_value());
    CHECK_FALSE(read_peft(folder.path(), shape).has_value());
  }
  REQUIRE(disk().write(file, "{").has_value());
  CHECK_FALSE(read_peft(folder.path(), shape).has_value());
  REQUIRE(disk().write(file, good.dump()).has_value());
  const auto weights = folder.path() / "adapter_model.safetensors";
  const auto bytes = disk().read(weights).value();
  REQUIRE(disk().write(weights, bytes.substr(0, bytes.size() - 8)).has_value());
  CHECK_FALSE(read_peft(folder.path(), shape).has_value());
}

TEST_CASE("tensor files: values, shapes and bytes are kept") {
  const TempFolder folder;
  const auto file = folder.path() / "t.safetensors";
  const auto values = at::arange(6, at::kFloat).view({2, 3});
  const auto codes = at::arange(250, 256, at::kByte);
  const std::map<std::string, at::Tensor> tensors = {{"한글", values}, {"a", values.t()}, {"codes", codes}};
  REQUIRE(write_safetensors(file, tensors, {{"format", "pt"}}).has_value());
  const auto bytes = disk().read(file).value();
  CHECK((bytes.size() - 48 - 6) % 8 == 0);
  CHECK(read_tensor(file, "codes", {6})->equal(codes));
  CHECK(read_tensor(file, "한글", {2, 3})->equal(values));
  CHECK(read_tensor(file, "a", {3, 2})->equal(values.t()));
  CHECK(read_tensor(file, "a", {2, 3}).error().kind == ErrorKind::invalid);
  CHECK(read_tensor(file, "missing", {1}).error().kind == ErrorKind::invalid);
  REQUIRE(write_safetensors(file, tensors, {{"format", "pt"}}).has_value());
  CHECK(disk().read(file).value() == bytes);
}

TEST_CASE("gguf adapter: tensors and metadata are those llama.cpp asks for, query and key rows interleaved") {
  const TempFolder folder;
  const auto file = folder.path() / "adapter.gguf";
  const auto adapter = some_adapter({"q_proj", "k_proj", "v_proj"});
  REQUIRE(write_gguf_adapter(file, adapter, shape, "mine").has_value());
  const auto reader = GgufReader::open(file);
  REQUIRE(reader.has_value());
  CHECK(reader->text("general.type") == "adapter");
  CHECK(reader->text("adapter.type") == "lora");
  CHECK(reader->text("general.architecture") == "llama");
  CHECK(reader->number("adapter.lora.alpha") == 6.0);
  CHECK(reader->shape("blk.1.attn_k.weight.lora_a") == std::vector<std::int64_t>{3, 16});
  CHECK(reader->shape("blk.1.attn_k.weight.lora_b") == std::vector<std::int64_t>{8, 3});
  const auto tensor = [&](const std::string& name) {
    auto values = reader->read(name).value();
    return at::from_blob(values.data(), reader->shape(name), at::kFloat).clone();
  };
  CHECK(tensor("blk.1.attn_k.weight.lora_a").equal(adapter.find(1, "k_proj")->a));
  CHECK(tensor("blk.0.attn_v.weight.lora_b").equal(adapter.find(0, "v_proj")->b));
  const auto q = adapter.find(0, "q_proj")->b;
  CHECK_FALSE(tensor("blk.0.attn_q.weight.lora_b").equal(q));
  CHECK(deinterleave_heads(tensor("blk.0.attn_q.weight.lora_b"), 4).equal(q));
}
