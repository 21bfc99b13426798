#include <doctest/doctest.h>
#include <ggml.h>
#include <gguf.h>

#include <cmath>
#include <cstring>

#include "core/files.h"
#include "models/registry/bert_config.h"
#include "models/registry/fixtures.h"
#include "models/registry/gguf_file.h"
#include "models/registry/registry.h"
#include "models/registry/wordpiece.h"

using namespace twin;
using namespace twin::models;
namespace fs = std::filesystem;

namespace {

void replace(const fs::path& path, const std::string& from, const std::string& to) {
  std::string text = testing::read_file(path);
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  testing::write_file(path, text.replace(at, from.size(), to));
}

/// First values of a tensor of the GGUF, as f32.
std::vector<float> tensor(const fs::path& path, const std::string& name, std::size_t count) {
  const auto file = GgufFile::open(path);
  REQUIRE(file);
  const auto id = gguf_find_tensor(file->context(), name.c_str());
  REQUIRE(id >= 0);
  const std::string bytes = testing::read_file(path);
  const char* const data =
      bytes.data() + gguf_get_data_offset(file->context()) + gguf_get_tensor_offset(file->context(), id);
  std::vector<float> values(count);
  if (gguf_get_tensor_type(file->context(), id) == GGML_TYPE_F32) {
    std::memcpy(values.data(), data, count * sizeof(float));
  } else {
    ggml_fp16_to_fp32_row(reinterpret_cast<const ggml_fp16_t*>(data), values.data(), static_cast<std::int64_t>(count));
  }
  return values;
}

}  // namespace

TEST_CASE("an encoder becomes a GGUF with llama.cpp's names") {
  const TempFolder folder;
  testing::write_tiny_bert(folder.path());
  const fs::path out = folder.path() / "out.gguf";
  for (const WeightType type : {WeightType::f32, WeightType::f16}) {
    REQUIRE(import_bert(folder.path(), out, type));
    const auto info = read_gguf(out);
    REQUIRE(info);
    CHECK(info->architecture == "bert");
    CHECK(info->details.at("pooling") == "mean");
    CHECK(info->details.at("max_seq_length") == "12");
    CHECK(info->details.at("tensor_count") == "21");
    CHECK(info->quantization == (type == WeightType::f16 ? "F16" : "F32"));
    // Bias of the first layer norm: the first tensor by name, 0.01 …
    const auto bias = tensor(out, "token_embd_norm.bias", 4);
    CHECK(bias[0] == doctest::Approx(0.01));
    CHECK(bias[3] == doctest::Approx(0.04));
    const auto rows = tensor(out, "token_embd.weight", 8 * 4);
    CHECK(rows[1] - rows[0] == doctest::Approx(0.01).epsilon(0.05));
  }
}

TEST_CASE("the same input gives the same bytes") {
  const TempFolder folder;
  testing::write_tiny_bert(folder.path());
  REQUIRE(import_bert(folder.path(), folder.path() / "1.gguf"));
  REQUIRE(import_bert(folder.path(), folder.path() / "2.gguf"));
  CHECK(testing::read_file(folder.path() / "1.gguf") == testing::read_file(folder.path() / "2.gguf"));
}

TEST_CASE("vocabulary in llama.cpp's spelling") {
  const TempFolder folder;
  testing::write_tiny_bert(folder.path());
  const auto vocab = read_wordpiece(folder.path(), 10);
  REQUIRE(vocab);
  CHECK(vocab->stored_form(2) == "[CLS]");
  CHECK(vocab->stored_form(5) == "\u2581hello");
  CHECK(vocab->stored_form(6) == "ing");
  CHECK(vocab->stored_form(7) == "\u2581가");
  CHECK(vocab->types[9] == WordPieceVocab::unused);  // the matrix has more rows than the vocabulary
  CHECK(vocab->special.at("mask") == 4);
  CHECK_FALSE(read_wordpiece(folder.path(), 7));  // and must not have fewer

  SUBCASE("tokenizer.json goes before vocab.txt and says how to normalize") {
    testing::write_file(folder.path() / "tokenizer.json",
                        R"({"model":{"type":"WordPiece","vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"##x":4}},
                            "added_tokens":[{"id":5,"content":"<q>","special":false}],
                            "normalizer":{"type":"BertNormalizer","lowercase":false,"strip_accents":null}})");
    const auto json = read_wordpiece(folder.path(), 6);
    REQUIRE(json);
    CHECK_FALSE(json->lowercase);
    CHECK_FALSE(json->strip_accents);
    CHECK(json->types[5] == WordPieceVocab::user_defined);
  }
  SUBCASE("other tokenizers are refused") {
    testing::write_file(folder.path() / "tokenizer.json", R"({"model":{"type":"Unigram","vocab":[]}})");
    CHECK(read_wordpiece(folder.path(), 6).error().message.find("Unigram") != std::string::npos);
    testing::write_file(folder.path() / "tokenizer.json", R"({"model":{"type":"WordPiece","vocab":{"a":"x"}}})");
    CHECK(read_wordpiece(folder.path(), 6).error().kind == ErrorKind::invalid);
    testing::write_file(folder.path() / "tokenizer.json", "{");
    CHECK(read_wordpiece(folder.path(), 6).error().kind == ErrorKind::invalid);
  }
}

TEST_CASE("what cannot be imported is refused with a reason, and nothing is left behind") {
  const TempFolder folder;
  const fs::path model = folder.path() / "model";
  const fs::path out = folder.path() / "out.gguf";
  testing::write_tiny_bert(model);
  SUBCASE("another architecture") {
    replace(model / "config.json", "\"bert\"", "\"t5\"");
  }
  SUBCASE("a dimension out of range") {
    replace(model / "config.json", "\"hidden_size\":4", "\"hidden_size\":-4");
  }
  SUBCASE("another shape") {
    replace(model / "config.json", "\"intermediate_size\":6", "\"intermediate_size\":7");
  }
  SUBCASE("more layers than weights") {
    replace(model / "config.json", "\"num_hidden_layers\":1", "\"num_hidden_layers\":2");
  }
  SUBCASE("no weights") {
    fs::remove(model / "model.safetensors");
  }
  SUBCASE("no vocabulary") {
    fs::remove(model / "vocab.txt");
  }
  SUBCASE("no configuration") {
    fs::remove(model / "config.json");
  }
  SUBCASE("truncated weights") {
    fs::resize_file(model / "model.safetensors", 900);
  }
  SUBCASE("pooling that llama.cpp lacks") {
    testing::write_file(model / "modules.json", R"([{"type":"x.Pooling","path":"1_Pooling"}])");
    testing::write_file(model / "1_Pooling/config.json", R"({"pooling_mode_max_tokens":true})");
  }
  const auto done = import_bert(model, out);
  REQUIRE_FALSE(done);
  CHECK_FALSE(done.error().message.empty());
  CHECK_FALSE(fs::exists(out));
  CHECK_FALSE(fs::exists(out.string() + ".tmp"));
}

TEST_CASE("a pooling path that leaves the folder is not followed") {
  const TempFolder folder;
  const fs::path model = folder.path() / "model";
  testing::write_tiny_bert(model);
  testing::write_file(folder.path() / "config.json", R"({"pooling_mode_cls_token":true})");
  testing::write_file(model / "modules.json", R"([{"type":"x.Pooling","path":"../"}])");
  const auto config = read_bert_config(model);
  REQUIRE(config);
  CHECK(config->pooling == 1);
}
