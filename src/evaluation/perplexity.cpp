#include "evaluation/perplexity.h"

#include <fmt/core.h>

#include <cmath>

#include "core/i18n.h"

namespace twin::evaluation {

namespace {

using Scores = std::vector<training::ScoredItem>;

/// Scores of all samples, or nothing after listing why.
std::optional<Scores> score(const std::vector<feature::Sample>& samples, bool tuned, const EvalContext& context,
                            EvalReport& report) {
  auto scores = context.score(samples, tuned);
  if (scores && scores->size() == samples.size()) return std::move(*scores);
  if (!scores && scores.error().kind == ErrorKind::cancelled) throw Fatal(scores.error());
  const Error why =
      scores
          ? Error{ErrorKind::internal, fmt::format("{} scores for {} samples", scores->size(), samples.size()), {}, {}}
          : scores.error();
  report.failures.push_back(
      {why.kind, tr("perplexity of {}: {}", tuned ? "tuned" : "base", why.message), why.where, why.hint});
  return std::nullopt;
}

bool usable(const training::ScoredItem& item) {
  return item.tokens > 0 && std::isfinite(item.nll) && item.nll >= 0;
}

}  // namespace

void measure_perplexity(const std::vector<feature::Sample>& samples, const EvalConfig& config,
                        const EvalContext& context, EvalReport& report) {
  const auto base = score(samples, false, context, report);
  if (!base) return;
  const auto tuned = context.tuned ? score(samples, true, context, report) : std::nullopt;
  std::vector<Observation> observations;  // nll of base, nll of tuned, tokens
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const training::ScoredItem& first = (*base)[i];
    const training::ScoredItem& second = tuned ? (*tuned)[i] : first;
    if (!usable(first) || !usable(second) || first.tokens != second.tokens) {
      report.failures.push_back(
          {ErrorKind::invalid, tr("the likelihood of a passage could not be measured"), samples[i].id, {}});
      continue;
    }
    observations.push_back(
        {samples[i].provenance.document_id, {first.nll, second.nll, static_cast<double>(first.tokens)}});
  }
  const BootstrapOptions options{.resamples = config.bootstrap, .seed = config.seed};
  report.perplexity["base"] = bootstrap(
      observations, [](std::span<const double> sums) { return std::exp(sums[0] / sums[2]); }, options);
  if (!tuned) return;
  report.perplexity["tuned"] = bootstrap(
      observations, [](std::span<const double> sums) { return std::exp(sums[1] / sums[2]); }, options);
  report.perplexity["change"] = bootstrap(
      observations, [](std::span<const double> sums) { return std::exp((sums[1] - sums[0]) / sums[2]) - 1; }, options);
}

}  // namespace twin::evaluation
