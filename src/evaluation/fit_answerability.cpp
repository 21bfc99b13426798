#include "evaluation/fit_answerability.h"

#include <algorithm>
#include <cmath>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "evaluation/rank_fit.h"
#include "evaluation/ranking_metrics.h"
#include "models/prompts/prompts.h"

namespace twin::evaluation {
namespace {

using inference::Answerability;
using inference::Evidence;

constexpr std::size_t looked_at = 10;    // a relevant passage below them is not found
constexpr double all_said = 0.999;       // of a question, in one passage
constexpr double mostly_said = 0.6;      // of a question from elsewhere: the passage may be about it
constexpr std::size_t few_samples = 20;  // of a kind; fewer say nothing

bool is_relevant(const SyntheticQuery& query, const inference::Passage& passage) {
  return std::find(query.relevant.begin(), query.relevant.end(), passage.chunk_id) != query.relevant.end();
}

/// Mean and deviation of each column over what is there.
void scale_columns(const std::vector<EvidenceSample>& samples, Answerability& model) {
  const std::size_t n = inference::evidence_names().size();
  model.mean.assign(n, 0);
  model.scale.assign(n, 1);
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<double> values;
    for (const EvidenceSample& sample : samples) {
      if (const auto value = sample.evidence.row()[i]) values.push_back(*value);
    }
    const auto count = static_cast<double>(values.size());
    double variance = 0;
    for (const double x : values) model.mean[i] += x / count;
    for (const double x : values) variance += (x - model.mean[i]) * (x - model.mean[i]) / count;
    if (variance > 1e-12) model.scale[i] = std::sqrt(variance);
  }
}

/// The logistic regression is a conditional logit between a sample and a row of zeros; the last column is the bias.
Answerability fit(const std::vector<EvidenceSample>& samples, double ridge) {
  Answerability model;
  model.version = inference::evidence_version;
  scale_columns(samples, model);
  std::vector<RankGroup> groups;
  for (const EvidenceSample& sample : samples) {
    const auto values = sample.evidence.row();
    std::vector<double> row(values.size() + 1, 0.0);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i]) row[i] = (*values[i] - model.mean[i]) / model.scale[i];
    }
    row.back() = 1;
    std::vector<double> zeros(row.size(), 0.0);
    groups.push_back({{std::move(row), std::move(zeros)}, {sample.answerable, !sample.answerable}});
  }
  const RankFit fitted = fit_ranking(groups, ridge);
  for (std::size_t i = 0; i + 1 < fitted.weights.size(); ++i) {
    model.weights.push_back(fitted.weights[i] / fitted.scale[i]);
  }
  model.bias = fitted.weights.back() / fitted.scale.back();
  return model;
}

/// The highest probability that at most a share of the answerable samples lies below.
double threshold_of(const Answerability& model, const std::vector<EvidenceSample>& samples, double refused) {
  std::vector<double> probabilities;
  for (const EvidenceSample& sample : samples) {
    if (sample.answerable) probabilities.push_back(model.probability(sample.evidence));
  }
  std::sort(probabilities.begin(), probabilities.end());
  const auto below = static_cast<std::size_t>(refused * static_cast<double>(probabilities.size()));
  return probabilities[std::min(below, probabilities.size() - 1)];
}

std::size_t count_samples(const std::vector<EvidenceSample>& samples, bool answerable) {
  const auto count = std::count_if(samples.begin(), samples.end(),
                                   [&](const EvidenceSample& sample) { return sample.answerable == answerable; });
  return static_cast<std::size_t>(count);
}

void cross_validate(const std::vector<EvidenceSample>& samples, const AnswerabilityOptions& options,
                    Answerability& model) {
  std::vector<double> covered, uncovered;
  double found = 0, refused = 0;
  for (int fold = 0; fold < options.folds; ++fold) {
    std::vector<EvidenceSample> others;
    for (const EvidenceSample& sample : samples) {
      if (sample.fold != fold) others.push_back(sample);
    }
    if (count_samples(others, true) == 0 || count_samples(others, false) == 0) continue;
    const Answerability fitted = fit(others, options.ridge);
    const double threshold = threshold_of(fitted, others, options.refused);
    for (const EvidenceSample& sample : samples) {
      if (sample.fold != fold) continue;
      const double probability = fitted.probability(sample.evidence);
      (sample.answerable ? covered : uncovered).push_back(probability);
      if (probability < threshold) (sample.answerable ? refused : found) += 1;
    }
  }
  if (covered.empty() || uncovered.empty()) return;
  model.measured = {{"recall", found / static_cast<double>(uncovered.size())},
                    {"refused", refused / static_cast<double>(covered.size())},
                    {"area_under_roc", area_under_roc(covered, uncovered)}};
}

}  // namespace

std::vector<EvidenceSample> samples_of(stores::Index& index, const SyntheticQuery& query,
                                       const std::vector<inference::Passage>& passages, int fold) {
  std::vector<EvidenceSample> samples;
  const auto few = passages.begin() + static_cast<std::ptrdiff_t>(std::min(passages.size(), looked_at));
  if (std::any_of(passages.begin(), few, [&](const auto& passage) { return is_relevant(query, passage); })) {
    samples.push_back({inference::evidence_of(index, query.text, passages), true, fold});
  }
  std::vector<inference::Passage> others = passages;
  std::erase_if(others, [&](const auto& passage) { return passage.document_id == query.document_id; });
  const Evidence without = inference::evidence_of(index, query.text, others);
  if (without.coverage < all_said) samples.push_back({without, false, fold});
  return samples;
}

Result<std::vector<std::string>> questions_from_elsewhere(const stores::IndexFacets& facets) {
  std::vector<std::string> languages;
  for (const std::string language : {"en", "ko"}) {
    if (std::find(facets.languages.begin(), facets.languages.end(), language) != facets.languages.end()) {
      languages.push_back(language);
    }
  }
  if (languages.empty()) languages.emplace_back("en");
  std::vector<std::string> questions;
  for (const std::string& language : languages) {
    const auto file = models::load_prompt("elsewhere." + language + ".txt");
    if (!file) return tl::unexpected(file.error());
    for (const std::string_view line : text::split(*file, '\n')) {
      if (const auto question = text::trim(line); !question.empty()) questions.emplace_back(question);
    }
  }
  return questions;
}

std::vector<EvidenceSample> sample_from_elsewhere(stores::Index& index, const std::string& question,
                                                  const std::vector<inference::Passage>& passages, int fold) {
  const Evidence evidence = inference::evidence_of(index, question, passages);
  if (evidence.coverage >= mostly_said) return {};
  return {{evidence, false, fold}};
}

std::vector<EvidenceSample> samples_from_elsewhere(const inference::SearchTools& tools,
                                                   const inference::RetrievalConfig& config, int folds,
                                                   std::vector<Error>& problems) {
  std::vector<EvidenceSample> samples;
  int fold = 0;
  for (const std::string& question : value_or_throw(questions_from_elsewhere(tools.index.facets()))) {
    auto lists = inference::retrieve(tools, {question, 0, {}, {}}, config);
    if (!lists) {
      problems.push_back(std::move(lists.error()));
      continue;
    }
    const auto passages = inference::fused_passages(tools.index, question, *lists, config);
    for (const EvidenceSample& sample : sample_from_elsewhere(tools.index, question, passages, fold++ % folds)) {
      samples.push_back(sample);
    }
  }
  return samples;
}

Result<Answerability> fit_answerability(const std::vector<EvidenceSample>& samples, const std::string& index_model,
                                        const AnswerabilityOptions& options) {
  const std::size_t answerable = count_samples(samples, true), unanswerable = count_samples(samples, false);
  if (answerable < few_samples || unanswerable < few_samples) {
    return fail(
        ErrorKind::usage,
        tr("{} questions that the writing answers and {} that it does not are too few to calibrate by ({} each)",
           answerable, unanswerable, few_samples),
        {}, tr("add documents, then run `twin index`"));
  }
  Answerability model = fit(samples, options.ridge);
  model.index_model = index_model;
  model.threshold = threshold_of(model, samples, options.refused);
  model.answerable = static_cast<int>(answerable);
  model.unanswerable = static_cast<int>(unanswerable);
  cross_validate(samples, options, model);
  return model;
}

}  // namespace twin::evaluation
