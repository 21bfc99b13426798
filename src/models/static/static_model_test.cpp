// Static models against what the Python original (model2vec 0.10, tokenizers 0.23) says of the same files: a WordPiece
// vocabulary, and a Unigram one whose table is quantized (rows and weights of tokens).
#include "models/static/static_model.h"

#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "models/registry/fixtures.h"
#include "models/registry/import_model2vec.h"
#include "models/registry/registry.h"
#include "models/static/static_worker.h"

using namespace twin;
using namespace twin::models;

namespace {

std::filesystem::path static_folder(const std::string& name) {
  return std::filesystem::path(TWIN_SOURCE_DIR) / "tests/data/models/static" / name;
}

double length_of(const std::vector<float>& vector) {
  double sum = 0;
  for (const float x : vector) sum += double{x} * double{x};
  return std::sqrt(sum);
}

double static_cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double dot = 0;
  for (std::size_t i = 0; i < a.size(); ++i) dot += double{a[i]} * double{b[i]};
  return dot / length_of(a) / length_of(b);
}

std::unique_ptr<Worker> static_worker(const std::filesystem::path& gguf) {
  WorkerSpec spec;
  spec.name = "embed";
  spec.model = gguf;
  spec.embedding = true;
  return value_or_throw(Worker::start(spec));
}

/// A copy of the folder in which one file is another.
void copy_with(const std::filesystem::path& to, const std::string& file, const std::string& bytes) {
  std::filesystem::copy(static_folder("wordpiece"), to, std::filesystem::copy_options::recursive);
  value_or_throw(disk().write(to / file, bytes));
}

std::string tokenizer_with(const std::string& part, const Json& value) {
  Json json = Json::parse(value_or_throw(disk().read(static_folder("wordpiece") / "tokenizer.json")));
  json[part] = value;
  return json.dump();
}

}  // namespace

TEST_CASE("static model: tokens and vectors are the original's, in Korean and English") {
  for (const std::string name : {"wordpiece", "unigram"}) {
    CAPTURE(name);
    const TempFolder folder;
    CHECK(is_model2vec(static_folder(name)));
    const auto gguf = value_or_throw(import_model2vec(static_folder(name), folder.path() / "m.gguf"));
    const auto worker = static_worker(gguf);
    CHECK(worker->dimension() == 8);
    CHECK(worker->window_tokens() == 512);
    const Json expected = Json::parse(value_or_throw(disk().read(static_folder(name + ".json"))));
    int compared = 0;
    for (const Json& entry : expected.at("texts")) {
      const auto text = entry.at("text").get<std::string>();
      CAPTURE(text);
      CHECK(value_or_throw(worker->tokenize(text, false)) == entry.at("ids").get<std::vector<int>>());
      const auto vector = value_or_throw(worker->embed({text})).front();
      CHECK(length_of(vector) == doctest::Approx(1));
      if (entry.at("ids").empty()) continue;  // zeros there
      CHECK(static_cosine(vector, entry.at("vector").get<std::vector<float>>()) > 0.9999);
      ++compared;
    }
    CHECK(compared >= 12);
  }
}

TEST_CASE("static model: pulled from a folder it is an embedding model like others") {
  const TempFolder folder;
  ModelRegistry registry(folder.path() / "models");
  const auto http = make_http_client();
  PullOptions options;
  options.id = "small-static";
  const auto model =
      value_or_throw(pull(registry, *http, static_folder("unigram").string(), options, silent_progress()));
  CHECK(model.kind == "embedding");
  CHECK(model.family == "model2vec");
  CHECK(model.details.at("dimension") == "8");
  CHECK(model.details.at("pooling") == "mean");
  const auto worker = static_worker(value_or_throw(registry.gguf("small-static")));
  CHECK(worker->model_hash() == model.files.front().sha256);
  CHECK(worker->healthy());
}

TEST_CASE("static model: texts without a known token lie near to nothing, long ones are cut or refused") {
  const TempFolder folder;
  const auto worker =
      static_worker(value_or_throw(import_model2vec(static_folder("wordpiece"), folder.path() / "m.gguf")));
  const auto lost = value_or_throw(worker->embed({"", "  ", "\xff\xfe"}));
  REQUIRE(lost.size() == 3);
  CHECK(lost[0] == lost[1]);
  CHECK(length_of(lost[0]) == doctest::Approx(1));
  CHECK(value_or_throw(worker->tokenize("", false)).empty());
  std::string longer;
  for (int i = 0; i < 600; ++i) longer += "the ";
  const auto refused = worker->embed({"short", longer});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::limit);
  CHECK(refused.error().message.find("Text 1 has 600 tokens") != std::string::npos);
  const auto cut = value_or_throw(worker->encode({{"short", longer}, false, true}));
  CHECK(cut.cut == std::vector<std::size_t>{1});
  CHECK(cut.vectors.size() == 2);
  CHECK(value_or_throw(worker->encode({{longer.substr(0, 2048)}, false, false})).vectors.front() == cut.vectors[1]);
}

TEST_CASE("static model: what it cannot do is refused") {
  const TempFolder folder;
  const auto gguf = value_or_throw(import_model2vec(static_folder("wordpiece"), folder.path() / "m.gguf"));
  WorkerSpec chat;
  chat.model = gguf;
  CHECK(Worker::start(chat).error().kind == ErrorKind::usage);
  const auto worker = static_worker(gguf);
  CHECK(worker->chat({}, {}).error().kind == ErrorKind::usage);
  CHECK(worker->rerank("a", {"b"}, {}).error().kind == ErrorKind::usage);
  CHECK(worker->apply_template({}, true).error().kind == ErrorKind::usage);
}

TEST_CASE("static model: files that do not fit together, and tokenizers that are not known, are refused by name") {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {tokenizer_with("model", {{"type", "BPE"}, {"vocab", Json::object()}, {"merges", Json::array()}}), "BPE"},
      {tokenizer_with("normalizer", {{"type", "Replace"}, {"pattern", {{"Regex", "a(b|c)"}}}, {"content", ""}}),
       "a(b|c)"},
      {tokenizer_with("normalizer", {{"type", "Precompiled"}, {"precompiled_charsmap", "////"}}), "table"},
      {tokenizer_with("pre_tokenizer", {{"type", "ByteLevel"}}), "ByteLevel"},
      {tokenizer_with("model", {{"type", "Unigram"}, {"vocab", 1}}), "Unusable tokenizer"},
      {tokenizer_with("added_tokens", {{{"content", "x"}, {"id", 99999}}}), "100000 tokens"},
      {"{", "Unusable tokenizer"},
      {"[1]", "Unusable tokenizer"}};
  for (const auto& [json, said] : wrong) {
    CAPTURE(said);
    const TempFolder folder;
    copy_with(folder.path() / "m", "tokenizer.json", json);
    const auto imported = import_model2vec(folder.path() / "m", folder.path() / "m.gguf");
    REQUIRE_FALSE(imported);
    CHECK(imported.error().kind == ErrorKind::invalid);
    CHECK(imported.error().text().find(said) != std::string::npos);
    CHECK_FALSE(disk().exists(folder.path() / "m.gguf"));
  }
  const TempFolder folder;
  CHECK_FALSE(is_model2vec(folder.path()));
  // Another GGUF is no static model, and a damaged one is told.
  testing::write_gguf(folder.path() / "llama.gguf");
  CHECK(StaticModel::open(folder.path() / "llama.gguf").error().kind == ErrorKind::invalid);
  const auto gguf = value_or_throw(import_model2vec(static_folder("wordpiece"), folder.path() / "m.gguf"));
  const std::string bytes = testing::read_file(gguf);
  testing::write_file(gguf, bytes.substr(0, bytes.size() - 200));
  CHECK(StaticModel::open(gguf).error().kind == ErrorKind::invalid);
}
