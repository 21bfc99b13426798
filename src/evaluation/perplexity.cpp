#include "evaluation/perplexity.h"

#include <fmt/core.h>

#include <cmath>

#include "core/i18n.h"

namespace twin::evaluation {

namespace {

using Scores = std::vector<training::ScoredItem>;

/// Scores of all samples, or nothing after listing why.
std::optional<Scores> score(const std::vector<feature::Sample>& samples, const PerplexityModel& model,
                            EvalReport& report) {
  auto scores = model.score(samples);
  if (scores && scores->size() == samples.size()) return std::move(*scores);
  if (!scores && scores.error().kind == ErrorKind::cancelled) throw Fatal(scores.error());
  const Error why =
      scores
          ? Error{ErrorKind::internal, fmt::format("{} scores for {} samples", scores->size(), samples.size()), {}, {}}
          : scores.error();
  report.failures.push_back({why.kind, tr("perplexity of {}: {}", model.name, why.message), why.where, why.hint});
  return std::nullopt;
}

bool usable(const training::ScoredItem& item) {
  return item.tokens > 0 && std::isfinite(item.nll) && item.nll >= 0;
}

/// Of one passage: the nll under each model that was scored (0 under the others), and the tokens; nothing when one
/// could not score it.
std::optional<std::vector<double>> passage_values(const std::vector<std::optional<Scores>>& scores, std::size_t i) {
  std::vector<double> values;
  std::optional<std::int64_t> tokens;
  for (const auto& of_model : scores) {
    values.push_back(of_model ? (*of_model)[i].nll : 0);
    if (!of_model) continue;
    const training::ScoredItem& item = (*of_model)[i];
    if (!usable(item) || tokens.value_or(item.tokens) != item.tokens) return std::nullopt;
    tokens = item.tokens;
  }
  if (!tokens) return std::nullopt;
  values.push_back(static_cast<double>(*tokens));
  return values;
}

}  // namespace

void measure_perplexity(const std::vector<feature::Sample>& samples, const EvalConfig& config,
                        const std::vector<PerplexityModel>& models, const std::vector<PerplexityChange>& changes,
                        EvalReport& report) {
  std::vector<std::optional<Scores>> scores;
  bool any = false;
  for (const PerplexityModel& model : models) {
    scores.push_back(score(samples, model, report));
    any = any || scores.back();
  }
  if (!any) return;
  std::vector<Observation> observations;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    auto values = passage_values(scores, i);
    if (!values) {
      report.failures.push_back(
          {ErrorKind::invalid, tr("the likelihood of a passage could not be measured"), samples[i].id, {}});
      continue;
    }
    observations.push_back({samples[i].provenance.document_id, std::move(*values)});
  }
  const BootstrapOptions options{.resamples = config.bootstrap, .seed = config.seed};
  for (std::size_t m = 0; m < models.size(); ++m) {
    if (!scores[m]) continue;
    report.perplexity[models[m].name] = bootstrap(
        observations, [m](std::span<const double> sums) { return std::exp(sums[m] / sums.back()); }, options);
  }
  for (const PerplexityChange& change : changes) {
    if (!scores[change.model] || !scores[change.against]) continue;
    report.perplexity[change.key] = bootstrap(
        observations,
        [&](std::span<const double> sums) {
          return std::exp((sums[change.model] - sums[change.against]) / sums.back()) - 1;
        },
        options);
  }
}

}  // namespace twin::evaluation
