#include "training/trainer/divergence.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <cmath>

#include "core/i18n.h"

namespace twin::training {
namespace {

std::string culprit_of(const Learner& learner, double loss, const Group& group,
                       const std::vector<EncodedSample>& samples) {
  if (!at::isfinite(learner.adapter().weights).all().item<bool>()) return tr("the adapter's weights are not finite");
  if (std::isfinite(loss)) return tr("the loss is {:.4f}, but its gradient is not finite", loss);
  for (const auto index : group) {
    const auto layer = learner.model().first_bad_layer(pack(Group{index}, samples, learner.model().row_multiple()));
    if (layer == -1) continue;
    return tr("layer {} is the first with a value that is not finite, for the sample of line {}", layer,
              samples[index].line);
  }
  return tr("the loss is not finite");
}

}  // namespace

void report_divergence(const Learner& learner, const LearnedStep& outcome, std::int64_t step, const Group& group,
                       const std::vector<EncodedSample>& samples, const std::filesystem::path& data) {
  const auto culprit = culprit_of(learner, outcome.loss.loss, group, samples);
  std::string lines;
  for (const auto index : group) lines += fmt::format("{}{}", lines.empty() ? "" : ", ", samples[index].line);
  throw Fatal(
      ErrorKind::invalid, tr("Training diverged at step {} (learning rate {:.2e}): {}", step, outcome.lr, culprit),
      fmt::format("{}: lines {}", data.string(), lines), tr("lower lr or clip, raise warmup, or set dtype to f32"));
}

}  // namespace twin::training
