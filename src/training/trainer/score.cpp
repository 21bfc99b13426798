// twin-train score: negative log-likelihood of texts and answers.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "training/trainer/batches.h"
#include "training/trainer/peft.h"
#include "training/trainer/prepare.h"

namespace twin::training {
namespace {

/// A stretch of a sample that is computed at once; only tokens from loss_from on are counted.
struct Window {
  std::size_t sample = 0;
  EncodedSample part;
};

/// Windows of at most `length` tokens that overlap by half, so that every counted token but the first ones sees at
/// least half a window of context, and each is counted once.
std::vector<Window> windows_of(const std::vector<EncodedSample>& samples, std::int64_t length) {
  std::vector<Window> windows;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto& sample = samples[i];
    std::int64_t counted = sample.loss_from;  // tokens before this one are done
    while (counted < sample.size()) {
      const std::int64_t begin =
          sample.size() <= length ? 0 : std::max<std::int64_t>(0, counted - std::max<std::int64_t>(1, length / 2));
      const auto end = std::min(sample.size(), begin + length);
      windows.push_back({i,
                         {.line = sample.line,
                          .ids = {sample.ids.begin() + begin, sample.ids.begin() + end},
                          .loss_from = counted - begin}});
      counted = end;
    }
  }
  return windows;
}

void add_scores(const Group& group, const std::vector<Window>& windows, const std::vector<double>& nll,
                std::vector<ScoredItem>& items) {
  std::size_t at = 0;
  for (const auto index : group) {
    auto& item = items[windows[index].sample];
    const auto count = windows[index].part.loss_tokens();
    item.tokens += count;
    for (std::int64_t i = 0; i < count; ++i) item.nll += nll[at++];
  }
}

}  // namespace

std::vector<ScoredItem> score(const ScoreJob& job, const Hooks& hooks) {
  use_threads(job.threads);
  const TempFolder scratch("twin-score");
  auto base = value_or_throw(GgufReader::open(job.base));
  const auto samples = load_samples(job.data, base, value_or_throw(sha256_file(job.base)), scratch.path(), hooks);
  emit(hooks, {{"event", "phase"}, {"phase", "load"}});
  auto weights = value_or_throw(load_llama(base, scalar_type(job.dtype)));
  if (job.max_length > weights.shape.context) {
    throw Fatal(ErrorKind::usage,
                tr("max_length {} is beyond the model's context of {}", job.max_length, weights.shape.context),
                "max_length");
  }
  std::unique_ptr<Adapter> adapter;
  if (!job.adapter.empty()) adapter = value_or_throw(read_peft(job.adapter, weights.shape));
  const Llama model(std::move(weights), adapter.get());

  const auto windows = windows_of(samples, job.max_length);
  std::vector<EncodedSample> parts;
  Group all;
  for (const auto& window : windows) {
    all.push_back(parts.size());
    parts.push_back(window.part);
  }
  std::vector<ScoredItem> items(samples.size());
  std::size_t done = 0;
  const auto micro_tokens = std::max<std::int64_t>(job.max_length, TrainConfig{}.micro_tokens);
  for (const auto& group : split_group(all, parts, micro_tokens, /*packing=*/true)) {
    if (stop_requested(hooks)) throw Fatal(ErrorKind::cancelled, tr("Stopped while scoring"));
    const auto batch = pack(group, parts);
    std::vector<double> nll;
    (void)model.loss(model.forward(batch, nullptr), batch, 0, nullptr, &nll);
    add_scores(group, windows, nll, items);
    done += group.size();
    emit(hooks, {{"event", "score"}, {"done", done}, {"total", windows.size()}});
  }
  return items;
}

}  // namespace twin::training
