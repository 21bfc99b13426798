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

/// A stretch of a sample that is computed at once; only its learned tokens are counted.
struct Window {
  std::size_t sample = 0;
  EncodedSample part;
};

/// Windows of at most `length` tokens that overlap by half, so that every counted token but the first ones sees at
/// least half a window of context, and each is counted once.
std::vector<Window> windows_of(const std::vector<EncodedSample>& samples, std::int64_t length) {
  std::vector<Window> windows;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto& whole = samples[i].sequences.front();
    if (whole.learned.empty()) continue;
    std::int64_t counted = whole.learned.front().begin;  // tokens before this one are done
    while (counted < whole.size()) {
      const std::int64_t begin =
          whole.size() <= length ? 0 : std::max<std::int64_t>(0, counted - std::max<std::int64_t>(1, length / 2));
      const auto end = std::min(whole.size(), begin + length);
      Sequence part{.ids = {whole.ids.begin() + begin, whole.ids.begin() + end}, .learned = {}};
      for (const auto& span : whole.learned) {
        const Span inside{std::max(span.begin, counted) - begin, std::min(span.end, end) - begin};
        if (inside.begin < inside.end) part.learned.push_back(inside);
      }
      windows.push_back({i, {.line = samples[i].line, .sequences = {std::move(part)}}});
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
  const auto check = [&](const Sample& sample) {
    if (sample.passages.size() == 1) return;
    throw Fatal(ErrorKind::invalid, tr("Only single answers and texts can be scored"),
                job.data.string() + ":" + std::to_string(sample.line));
  };
  const auto samples =
      load_samples(job.data, base, value_or_throw(sha256_file(job.base)), scratch.path(), hooks, check);
  emit(hooks, {{"event", "phase"}, {"phase", "load"}});
  auto weights = value_or_throw(load_weights(base, scalar_type(job.dtype)));
  if (job.max_length > weights.shape.context) {
    throw Fatal(ErrorKind::usage,
                tr("max_length {} is beyond the model's context of {}", job.max_length, weights.shape.context),
                "max_length");
  }
  std::unique_ptr<Adapter> adapter;
  if (!job.adapter.empty()) adapter = value_or_throw(read_peft(job.adapter, weights.shape));
  const Transformer model(std::move(weights), adapter.get());

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
    const auto batch = pack(group, parts, model.row_multiple());
    const auto nll = model.loss(model.forward(batch, nullptr), batch, nullptr);
    add_scores(group, windows, nll, items);
    done += group.size();
    emit(hooks, {{"event", "score"}, {"done", done}, {"total", windows.size()}});
  }
  return items;
}

}  // namespace twin::training
