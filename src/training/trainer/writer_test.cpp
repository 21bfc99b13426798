// Writing with remembered keys and values against reading everything anew for each token.
#include "training/trainer/writer.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <doctest/doctest.h>

#include <set>

#include "training/trainer/batches.h"
#include "training/trainer/testing/random_adapter.h"

using namespace twin;
using namespace twin::training;
using testing::TinyModel;

namespace {

const std::vector<std::vector<std::int32_t>> prompts = {{7, 30, 91}, {12}, {5, 5, 17, 64, 101, 33, 8, 90, 2, 41, 77}};

/// Row of the last token.
at::Tensor logits_behind(const Transformer& model, const std::vector<std::int32_t>& ids) {
  const Sequence sequence{.ids = ids, .learned = {}};
  const auto hidden = model.forward(pack({&sequence}, 1), nullptr);
  return model.logits(hidden.narrow(0, sequence.size() - 1, 1)).squeeze(0);
}

/// The likeliest tokens, each by a pass over all before it.
std::vector<std::int64_t> written_plainly(const Transformer& model, std::vector<std::int32_t> ids, int count) {
  std::vector<std::int64_t> written;
  for (int i = 0; i < count; ++i) {
    written.push_back(logits_behind(model, ids).argmax().item<std::int64_t>());
    ids.push_back(static_cast<std::int32_t>(written.back()));
  }
  return written;
}

}  // namespace

TEST_CASE("writing: the likeliest tokens of a pass over everything, in all families, with LoRA and DoRA") {
  for (const auto& options :
       {TinyModel{}, TinyModel{.kv_heads = 4, .tied = false}, TinyModel{.architecture = "qwen2"},
        TinyModel{.architecture = "qwen3"},
        TinyModel{.layers = 3, .architecture = "gemma3", .head_dim = 16, .window = 6, .window_pattern = 3}}) {
    CAPTURE(options.architecture);
    const auto weights = testing::tiny_weights(options);
    for (const bool dora : {false, true}) {
      const auto adapter = dora ? testing::random_dora(weights) : testing::random_adapter(weights.shape);
      const Transformer model(weights, &adapter);
      const auto written = write_answers(model, prompts, {.max_tokens = 20});
      REQUIRE(written.size() == prompts.size());
      for (std::size_t i = 0; i < prompts.size(); ++i) {
        CHECK(written[i].ids == written_plainly(model, prompts[i], 20));
        CHECK_FALSE(written[i].ended);
        CHECK(write_answers(model, {prompts[i]}, {.max_tokens = 20}).front().ids == written[i].ids);
      }
    }
  }
}

TEST_CASE("writing: logits of one more token are those of a pass over all, in both types") {
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    const auto weights = testing::tiny_weights({}, dtype);
    const auto adapter = testing::random_adapter(weights.shape);
    const Transformer model(weights, &adapter, {.checkpointing = true});
    std::vector<std::int32_t> ids = {9, 14, 3, 77, 20};
    auto past = model.make_past(32);
    (void)model.read_prompt(ids, past);
    for (const std::int32_t next : {50, 4, 4, 121}) {
      const auto logits = model.logits(model.read_next({next}, std::span(&past, 1))).squeeze(0);
      ids.push_back(next);
      const auto whole = logits_behind(model, ids);
      const double error = (logits - whole).abs().max().item<double>() / whole.abs().max().item<double>();
      CHECK(error < (dtype == at::kFloat ? 1e-5 : 0.03));
    }
    CHECK(past.length() == 9);
  }
}

TEST_CASE("writing: an end token ends an answer, the context ends it, too; others go on") {
  const auto weights = testing::tiny_weights({.context = 24});
  const auto adapter = testing::random_adapter(weights.shape);
  const Transformer model(weights, &adapter);
  const auto whole = write_answers(model, prompts, {.max_tokens = 100});
  for (std::size_t i = 0; i < prompts.size(); ++i) CHECK(whole[i].ids.size() == 24 - prompts[i].size());
  const std::int64_t end = whole[0].ids[4];
  const auto cut = write_answers(model, prompts, {.max_tokens = 100, .ends = {end}});
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const auto stop = std::find(whole[i].ids.begin(), whole[i].ids.end(), end);
    CHECK(cut[i].ids == std::vector<std::int64_t>(whole[i].ids.begin(), stop));
    CHECK(cut[i].ended == (stop != whole[i].ids.end()));
  }
  CHECK(write_answers(model, {std::vector<std::int32_t>(24, 5)}, {}).front().ids.empty());
}

TEST_CASE("writing: what is drawn follows from the seed alone, in the model's proportions") {
  const auto weights = testing::tiny_weights({});
  const auto adapter = testing::random_adapter(weights.shape);
  const Transformer model(weights, &adapter);
  const WriteOptions warm{.max_tokens = 12, .temperature = 1.5, .seed = 3};
  const auto one = write_answers(model, prompts, warm), again = write_answers(model, prompts, warm);
  for (std::size_t i = 0; i < prompts.size(); ++i) CHECK(one[i].ids == again[i].ids);
  const WriteOptions cold{.max_tokens = 12, .temperature = 1e-4, .seed = 3};
  CHECK(write_answers(model, prompts, cold)[2].ids == write_answers(model, prompts, {.max_tokens = 12})[2].ids);

  // The share of the likeliest first token among many draws.
  const auto shares = at::softmax(logits_behind(model, prompts[0]), 0);
  const auto likeliest = shares.argmax().item<std::int64_t>();
  const double expected = shares[likeliest].item<double>();
  std::set<std::int64_t> different;
  int hits = 0;
  constexpr int draws = 2000;
  for (int seed = 0; seed < draws; ++seed) {
    const auto token = write_answers(model, {prompts[0]},
                                     {.max_tokens = 1, .temperature = 1, .seed = static_cast<std::uint64_t>(seed)})
                           .front()
                           .ids.front();
    hits += token == likeliest ? 1 : 0;
    different.insert(token);
  }
  const double deviation = std::sqrt(expected * (1 - expected) / draws);
  CHECK(std::abs(hits / static_cast<double>(draws) - expected) < 4 * deviation);
  CHECK(different.size() > 20);
}
