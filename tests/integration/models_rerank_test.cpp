// A tiny cross-encoder made here, served by the real worker: its scores are those of a forward pass by hand.
#include <gguf.h>

#include <cmath>
#include <memory>

#include "inference/rag/cross_encoder.h"
#include "models/registry/bert_gguf.h"
#include "models_fixture.h"

using namespace twin;

namespace {

constexpr std::int64_t width = 32;
constexpr std::int64_t window = 24;

const std::vector<std::string>& vocabulary() {
  static const std::vector<std::string> words = {"[PAD]",   "[UNK]",  "[CLS]", "[SEP]", "[MASK]", "kernel",
                                                 "package", "banana", "disk",  "음",    "how",    "why"};
  return words;
}
constexpr std::size_t cls = 2, sep = 3;

/// Numbers between -1 and 1 that depend on the tensor's seed alone.
std::vector<double> numbers(std::size_t count, std::uint32_t seed) {
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) {
    seed = seed * 1664525U + 1013904223U;
    values.push_back(static_cast<double>(seed >> 8U) / 8388608.0 - 1);
  }
  return values;
}

std::vector<double> embeddings() {
  return numbers(vocabulary().size() * static_cast<std::size_t>(width), 7);
}
std::vector<double> head() {
  return numbers(static_cast<std::size_t>(width), 11);
}

/// Query and key are 0, so that every token looks at all tokens alike; value and output are the identity; the
/// feed-forward part adds nothing.
std::string tensor_bytes(const models::BertTensor& tensor) {
  std::size_t count = 1;
  for (const std::int64_t size : tensor.shape) count *= static_cast<std::size_t>(size);
  std::vector<double> values(count, 0);
  const bool norm = tensor.part.ends_with("norm");
  if (tensor.part == "token_embd") values = embeddings();
  if (tensor.part == "cls.output" && !tensor.bias) values = head();
  if (tensor.part == "cls.output" && tensor.bias) values = {0.5};
  if (norm && !tensor.bias) values.assign(count, 1);
  if ((tensor.part == "attn_v" || tensor.part == "attn_output") && !tensor.bias) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(width); ++i)
      values[i * static_cast<std::size_t>(width) + i] = 1;
  }
  const std::vector<float> floats(values.begin(), values.end());
  return {reinterpret_cast<const char*>(floats.data()), floats.size() * sizeof(float)};
}

void write_model(const std::filesystem::path& path, bool with_head) {
  models::BertConfig config;
  config.vocab_size = static_cast<std::uint32_t>(vocabulary().size());
  config.hidden = static_cast<std::uint32_t>(width);
  config.layers = 1;
  config.heads = 2;
  config.feed_forward = static_cast<std::uint32_t>(width);
  config.positions = static_cast<std::uint32_t>(window);
  config.name = "tiny-reranker";
  const std::unique_ptr<gguf_context, decltype(&gguf_free)> out(gguf_init_empty(), gguf_free);
  models::set_bert_hyperparameters(out.get(), config, 0);
  std::vector<std::string> stored;
  std::vector<std::int32_t> types;
  for (const std::string& word : vocabulary()) {
    const bool control = word.starts_with('[');
    stored.push_back(control ? word : "\u2581" + word);
    types.push_back(control ? 3 : 1);
  }
  std::vector<const char*> pointers;
  for (const std::string& word : stored) pointers.push_back(word.c_str());
  gguf_set_val_u32(out.get(), "tokenizer.ggml.token_type_count", 1);
  gguf_set_val_str(out.get(), "tokenizer.ggml.model", "bert");
  gguf_set_arr_str(out.get(), "tokenizer.ggml.tokens", pointers.data(), pointers.size());
  gguf_set_arr_data(out.get(), "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types.data(), types.size());
  gguf_set_val_bool(out.get(), "tokenizer.ggml.normalizer.lowercase", false);
  gguf_set_val_bool(out.get(), "tokenizer.ggml.normalizer.strip_accents", false);
  const std::vector<std::pair<const char*, std::uint32_t>> special = {
      {"bos", 2}, {"eos", 3}, {"unknown", 1}, {"seperator", 3}, {"padding", 0}, {"cls", 2}, {"mask", 4}};
  for (const auto& [name, id] : special) {
    gguf_set_val_u32(out.get(), (std::string("tokenizer.ggml.") + name + "_token_id").c_str(), id);
  }
  auto tensors = models::bert_tensors(config);
  if (with_head) {
    tensors.push_back({"cls.output", -1, false, {width, 1}, false, {}});
    tensors.push_back({"cls.output", -1, true, {1}, false, {}});
  }
  value_or_throw(models::write_bert_gguf(
      out.get(), tensors, GGML_TYPE_F32,
      [](const models::BertTensor& tensor) -> Result<std::string> { return tensor_bytes(tensor); }, path));
}

std::vector<double> normed(const std::vector<double>& values) {
  double mean = 0, variance = 0;
  for (const double x : values) mean += x / static_cast<double>(values.size());
  for (const double x : values) variance += (x - mean) * (x - mean) / static_cast<double>(values.size());
  std::vector<double> out;
  for (const double x : values) out.push_back((x - mean) / std::sqrt(variance + 1e-12));
  return out;
}

std::vector<double> embedded(std::size_t token) {
  const auto all = embeddings();
  const auto first = all.begin() + static_cast<std::ptrdiff_t>(token) * width;
  return normed({first, first + width});
}

/// [CLS] query [SEP] text, as llama.cpp joins a pair for a WordPiece vocabulary.
double expected(const std::vector<std::size_t>& query, const std::vector<std::size_t>& text) {
  std::vector<std::size_t> tokens = {cls};
  tokens.insert(tokens.end(), query.begin(), query.end());
  tokens.push_back(sep);
  tokens.insert(tokens.end(), text.begin(), text.end());
  std::vector<double> sum = embedded(cls);
  for (const std::size_t token : tokens) {
    const auto vector = embedded(token);
    for (std::size_t i = 0; i < vector.size(); ++i) sum[i] += vector[i] / static_cast<double>(tokens.size());
  }
  const auto out = normed(normed(sum));
  const auto weights = head();
  double score = 0.5;
  for (std::size_t i = 0; i < out.size(); ++i) score += out[i] * weights[i];
  return score;
}

models::WorkerSpec rerank_spec(const std::filesystem::path& model, const std::filesystem::path& logs) {
  models::WorkerSpec spec = test::worker_spec(model, logs, false);
  spec.name = "rerank";
  spec.rerank = true;
  return spec;
}

}  // namespace

TEST_CASE("a cross-encoder scores pairs of query and text") {
  const TempFolder folder;
  const auto model = folder.path() / "reranker.gguf";
  write_model(model, true);
  auto started = models::Worker::start(rerank_spec(model, folder.path()));
  REQUIRE_MESSAGE(started, test::why(started));
  models::Worker& worker = **started;

  const auto scores = worker.rerank("how kernel", {"banana", "kernel disk", "package 음"}, {});
  REQUIRE_MESSAGE(scores, test::why(scores));
  REQUIRE(scores->size() == 3);
  CHECK((*scores)[0] == doctest::Approx(expected({10, 5}, {7})).epsilon(1e-3));
  CHECK((*scores)[1] == doctest::Approx(expected({10, 5}, {5, 8})).epsilon(1e-3));
  CHECK((*scores)[2] == doctest::Approx(expected({10, 5}, {6, 9})).epsilon(1e-3));
  CHECK((*scores)[0] != doctest::Approx((*scores)[1]));

  SUBCASE("what does not fit the window is cut, the rest is scored") {
    std::string longer = "banana";
    for (int i = 0; i < 300; ++i) longer += " disk";
    const auto cut = worker.rerank(longer, {longer, "banana", ""}, {});
    REQUIRE_MESSAGE(cut, test::why(cut));
    for (const double score : *cut) CHECK(std::isfinite(score));
    CHECK(worker.rerank("how kernel", {"banana"}, {}).value()[0] == doctest::Approx((*scores)[0]));
  }
  SUBCASE("odd texts, none, and the wish to stop") {
    CHECK(worker.rerank("how", {}, {}).value().empty());
    CHECK(worker.rerank("\xff\xfe", {"\xff", "\"quoted\" {json}"}, {}).value().size() == 2);
    std::stop_source stop;
    stop.request_stop();
    CHECK_FALSE(worker.rerank("how", {"banana"}, stop.get_token()));
    CHECK_FALSE(worker.chat({}, {}));
  }
  SUBCASE("as the reranker of a search") {
    inference::Passage banana, disk;
    banana.text = "banana";
    disk.text = "disk";
    disk.title = "kernel";
    const auto reranker = inference::make_cross_encoder(worker);
    const auto judged = reranker->score("how kernel", {banana, disk}, {});
    REQUIRE_MESSAGE(judged, test::why(judged));
    CHECK((*judged)[0] == doctest::Approx((*scores)[0]));
    CHECK((*judged)[1] == doctest::Approx((*scores)[1]));
    CHECK(reranker->batch() > 0);
  }
}

TEST_CASE("a model without a head that scores is refused as a cross-encoder, and chat models do not rerank") {
  const TempFolder folder;
  const auto model = folder.path() / "encoder.gguf";
  write_model(model, false);
  const auto refused = models::Worker::start(rerank_spec(model, folder.path()));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::invalid);
  auto embedding = models::Worker::start(test::worker_spec(model, folder.path(), true));
  REQUIRE_MESSAGE(embedding, test::why(embedding));
  const auto scores = (*embedding)->rerank("how", {"banana"}, {});
  REQUIRE_FALSE(scores);
  CHECK(scores.error().kind == ErrorKind::usage);
}
