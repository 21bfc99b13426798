// The trainer and the worker compute the same model: same tokens, same probabilities, with and without the adapter.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <doctest/doctest.h>
#include <gguf.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/progress.h"
#include "models/engines/worker.h"
#include "models/registry/gguf_file.h"
#include "models/registry/registry.h"
#include "training/client.h"
#include "training/trainer/gguf_writer.h"
#include "training/trainer/peft.h"
#include "training/trainer/samples.h"
#include "training/trainer/testing/tiny_model.h"
#include "training/trainer/transformer.h"

using namespace twin;
using namespace twin::training;

namespace {

std::filesystem::path base_model() {
  const char* root = std::getenv("TWIN_TEST_MODELS");
  if (root == nullptr || *root == '\0') return {};
  return value_or_throw(models::ModelRegistry(root).gguf("smollm2"));
}

#define NEED_MODEL(base)                                                               \
  const auto base = base_model();                                                      \
  if (base.empty()) {                                                                  \
    MESSAGE("skipped: TWIN_TEST_MODELS names no registry with the model \"smollm2\""); \
    return;                                                                            \
  }

std::unique_ptr<models::Worker> start_worker(const std::filesystem::path& model, const std::filesystem::path& adapter,
                                             const std::filesystem::path& logs) {
  models::WorkerSpec spec;
  spec.name = "test";
  spec.model = model;
  spec.adapter = adapter;
  spec.log_folder = logs;
  spec.config.context_tokens = 512;
  return value_or_throw(models::Worker::start(std::move(spec)));
}

/// The same model with every tensor dequantized: llama.cpp then computes in float32 and must agree closely.
void write_f32_copy(const std::filesystem::path& from, const std::filesystem::path& to) {
  const auto source = value_or_throw(models::GgufFile::open(from));
  const auto reader = value_or_throw(GgufReader::open(from));
  GgufWriter writer;
  gguf_set_kv(writer.context(), source.context());
  gguf_set_val_u32(writer.context(), "general.file_type", 0);
  for (std::int64_t i = 0; i < gguf_get_n_tensors(source.context()); ++i) {
    const std::string name = gguf_get_tensor_name(source.context(), i);
    writer.add(name, reader.shape(name), value_or_throw(reader.read(name)).data());
  }
  value_or_throw(disk().write(to, writer.bytes()));
}

/// An update strong enough to change what the model would say.
std::unique_ptr<Adapter> strong_adapter(const ModelShape& shape) {
  auto adapter = std::make_unique<Adapter>(shape, LoraConfig{});
  adapter->initialize(11);
  for (const auto& pair : adapter->pairs()) {
    auto b = pair.b;
    b.copy_(at::sin(at::arange(b.numel(), at::kFloat) * 12.9898 + static_cast<double>(pair.layer)).view_as(b) * 0.05);
  }
  return adapter;
}

at::Tensor log_probabilities(const Transformer& model, const std::vector<int>& prompt) {
  PackedBatch batch;
  batch.tokens.assign(prompt.begin(), prompt.end());
  batch.lengths = {static_cast<std::int64_t>(prompt.size())};
  const auto hidden = model.forward(batch, nullptr);
  return at::log_softmax(model.logits(hidden.narrow(0, hidden.size(0) - 1, 1))[0], -1);
}

/// Largest difference of log-probability over the worker's ten likeliest tokens.
double largest_gap(const at::Tensor& ours, const std::vector<models::Worker::TokenProbability>& theirs) {
  REQUIRE(theirs.size() == 10);
  double gap = 0;
  for (const auto& [token, logprob] : theirs) gap = std::max(gap, std::abs(ours[token].item<double>() - logprob));
  return gap;
}

const std::vector<std::string> prompts = {
    "<|im_start|>user\nWhat is a package manager?<|im_end|>\n<|im_start|>assistant\n",
    "<|im_start|>system\nYou are an author.<|im_end|>\n<|im_start|>user\n데비안은 무엇인가요?<|im_end|>\n"
    "<|im_start|>assistant\nDebian is",
    "The quick brown fox jumps over the lazy dog. "
    "The quick brown fox jumps over the lazy",
};

}  // namespace

TEST_CASE("trainer and worker: the same probabilities, without and with the exported adapter") {
  NEED_MODEL(base);
  const TempFolder folder;
  const auto exact = folder.path() / "f32.gguf";
  write_f32_copy(base, exact);
  auto reader = value_or_throw(GgufReader::open(base));
  const auto weights = value_or_throw(load_weights(reader, at::kFloat));
  const auto adapter = strong_adapter(weights.shape);
  const auto adapter_file = folder.path() / "adapter.gguf";
  REQUIRE(write_gguf_adapter(adapter_file, *adapter, weights.shape, "test").has_value());
  const Transformer plain(weights, nullptr);
  const Transformer tuned(weights, adapter.get());

  // llama.cpp keeps keys and values in float16; with Q4_1 weights it also rounds activations to 8 bits.
  struct Case {
    std::filesystem::path model;
    double tolerance;
  };
  for (const auto& [model, tolerance] : {Case{exact, 0.02}, Case{base, 0.5}}) {
    const auto worker = start_worker(model, adapter_file, folder.path());
    for (const auto& prompt : prompts) {
      const auto ids = value_or_throw(worker->tokenize(prompt, true));
      const auto without = log_probabilities(plain, ids);
      const auto with = log_probabilities(tuned, ids);
      const double gap_plain = largest_gap(without, value_or_throw(worker->next_token(ids, 10, false)));
      const double gap_tuned = largest_gap(with, value_or_throw(worker->next_token(ids, 10, true)));
      const double effect = (without - with).abs().max().item<double>();
      MESSAGE(model.filename().string() << ": largest gap " << gap_plain << " plain, " << gap_tuned
                                        << " with adapter, which changes up to " << effect);
      CHECK(gap_plain < tolerance);
      CHECK(gap_tuned < tolerance);
      CHECK(effect > 0.5);  // else equality would prove nothing about the adapter
    }
  }
}

TEST_CASE("trainer and worker: every family gives the same probabilities, on small random models") {
  NEED_MODEL(base);
  const auto vocabulary = value_or_throw(models::GgufFile::open(base));
  const TempFolder folder;
  for (const testing::TinyModel& options : {
           testing::TinyModel{.type = "Q8_0"},
           testing::TinyModel{.type = "Q8_0", .architecture = "qwen2"},
           testing::TinyModel{.type = "Q8_0", .architecture = "qwen3", .head_dim = 32},
           testing::TinyModel{
               .layers = 7, .kv_heads = 1, .type = "Q8_0", .architecture = "gemma3", .head_dim = 32, .window = 8},
       }) {
    CAPTURE(options.architecture);
    auto sized = options;
    sized.vocabulary = vocabulary.array_size("tokenizer.ggml.tokens");
    sized.tokenizer = vocabulary.context();
    const auto file = folder.path() / (options.architecture + ".gguf");
    value_or_throw(disk().write(file, testing::tiny_model(sized)));
    const auto exact = folder.path() / (options.architecture + "-f32.gguf");
    write_f32_copy(file, exact);
    auto reader = value_or_throw(GgufReader::open(exact));
    const auto weights = value_or_throw(load_weights(reader, at::kFloat));
    const auto adapter = strong_adapter(weights.shape);
    const auto adapter_file = folder.path() / (options.architecture + "-adapter.gguf");
    REQUIRE(write_gguf_adapter(adapter_file, *adapter, weights.shape, "test").has_value());
    const Transformer plain(weights, nullptr), tuned(weights, adapter.get());
    const auto worker = start_worker(exact, adapter_file, folder.path());
    for (const auto& prompt : prompts) {
      const auto ids = value_or_throw(worker->tokenize(prompt, true));
      const auto without = log_probabilities(plain, ids), with = log_probabilities(tuned, ids);
      const double gap_plain = largest_gap(without, value_or_throw(worker->next_token(ids, 10, false)));
      const double gap_tuned = largest_gap(with, value_or_throw(worker->next_token(ids, 10, true)));
      MESSAGE(options.architecture << ": largest gap " << gap_plain << " plain, " << gap_tuned << " with adapter");
      CHECK(gap_plain < 0.02);
      CHECK(gap_tuned < 0.02);
      CHECK((without - with).abs().max().item<double>() > 0.1);
    }
  }
}

TEST_CASE("trainer and worker: Gemma 3 270M, its default template, the same probabilities") {
  const char* root = std::getenv("TWIN_TEST_MODELS");
  const auto found = models::ModelRegistry(root ? root : "").gguf("gemma3-270m");
  if (!found) {
    MESSAGE("skipped: TWIN_TEST_MODELS names no registry with the model \"gemma3-270m\"");
    return;
  }
  const TempFolder folder;
  const auto exact = folder.path() / "f32.gguf";
  write_f32_copy(*found, exact);
  auto reader = value_or_throw(GgufReader::open(*found));
  const Transformer model(value_or_throw(load_weights(reader, at::kFloat)), nullptr);
  const auto worker = start_worker(exact, {}, folder.path());
  const auto prompt = value_or_throw(worker->apply_template({{"user", "Who are you?"}}, true));
  CHECK(prompt.ends_with("<start_of_turn>user\nWho are you?<end_of_turn>\n<start_of_turn>model\n"));
  for (const std::string& text : {prompt, std::string("데비안은 자유 소프트웨어로 이루어진"), prompts[2]}) {
    const auto ids = value_or_throw(worker->tokenize(text, true));
    CHECK(std::count(ids.begin(), ids.end(), 2) == 1);  // one BOS
    const double gap = largest_gap(log_probabilities(model, ids), value_or_throw(worker->next_token(ids, 10, false)));
    MESSAGE("Gemma 3 270M: largest gap " << gap);
    CHECK(gap < 0.05);
  }
}

TEST_CASE("trainer and worker: bfloat16 training weights stay close to the served model") {
  NEED_MODEL(base);
  auto reader = value_or_throw(GgufReader::open(base));
  const auto exact = value_or_throw(load_weights(reader, at::kFloat));
  const auto rounded = value_or_throw(load_weights(reader, at::kBFloat16));
  const auto adapter = strong_adapter(exact.shape);
  const Transformer full(exact, adapter.get());
  const Transformer half(rounded, adapter.get());
  const std::vector<int> ids = {1, 4093, 198, 1780, 314, 253, 2700, 3770, 47, 2, 198, 1, 520, 9531, 198};
  const auto a = log_probabilities(full, ids);
  const auto b = log_probabilities(half, ids);
  CHECK((a.exp() - b.exp()).abs().sum().item<double>() < 0.1);  // total variation times two
}

TEST_CASE("twin-train: trains the real model through its own tokenizer, and the worker serves the adapter") {
  NEED_MODEL(base);
  const TempFolder folder;
  std::string lines;
  for (const char* topic : {"apt", "dpkg", "김치", "systemd"}) {
    lines += Json{{"messages",
                   {{{"role", "user"}, {"content", std::string("What is ") + topic + "?"}},
                    {{"role", "assistant"}, {"content", "Zebras are striped. Zebras are striped. Zebras."}}}}}
                 .dump() +
             "\n";
  }
  TrainJob job;
  job.base = base;
  job.data = job.eval_data = folder.path() / "samples.jsonl";
  job.out = folder.path() / "out";
  job.base_name = "smollm2";
  job.config.max_steps = 8;
  job.config.lr = 3e-3;
  job.config.batch_tokens = 256;
  REQUIRE(disk().write(job.data, lines).has_value());
  std::vector<TrainEvent> steps;
  const auto result = run_training(job, silent_progress(),
                                   [&](const TrainEvent& event) {
                                     if (!event.evaluation) steps.push_back(event);
                                   },
                                   {});
  if (!result) FAIL(result.error().text());
  CHECK(steps.size() == 8);
  CHECK(result->eval_loss < 0.5 * result->base_eval_loss);

  ScoreJob score;
  score.base = base;
  score.data = job.data;
  const auto before = value_or_throw(run_scoring(score, silent_progress(), {}));
  score.adapter = result->peft;
  const auto after = value_or_throw(run_scoring(score, silent_progress(), {}));
  REQUIRE(before.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(after[i].nll < before[i].nll);

  const auto worker = start_worker(base, result->gguf, folder.path());
  models::ChatRequest request{.messages = {{"user", "What is apt?"}}, .max_tokens = 8};
  request.adapter = true;
  CHECK(value_or_throw(worker->chat(request)).text.find("Zebras") != std::string::npos);
  request.adapter = false;
  CHECK(value_or_throw(worker->chat(request)).text.find("Zebras") == std::string::npos);
}
