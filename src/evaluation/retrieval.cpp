#include "evaluation/retrieval.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/i18n.h"

namespace twin::evaluation {

bool holds_source(const FoundPassage& passage, const Question& question) {
  if (passage.document_id != question.document_id) return false;
  const std::size_t start = std::max(passage.start, question.start);
  const std::size_t end = std::min(passage.end, question.end);
  if (start >= end) return false;
  const std::size_t shorter = std::min(passage.end - passage.start, question.end - question.start);
  return (end - start) * 2 >= shorter;
}

void measure_retrieval(const std::vector<Question>& questions, const EvalConfig& config, const EvalContext& context,
                       EvalReport& report) {
  std::vector<Measured> recall, document_recall, reciprocal;
  const auto progress = context.progress.start(tr("evaluate: search"), tr("questions"));
  progress->total(questions.size());
  for (const Question& question : questions) {
    if (context.stop.stop_requested()) throw Fatal(ErrorKind::cancelled, tr("stopped"));
    auto found = context.search(question.question, std::max(config.recall_k, config.mrr_k));
    progress->add();
    if (!found) {
      if (found.error().kind == ErrorKind::cancelled) throw Fatal(found.error());
      Error error = found.error();
      error.message = tr("search for \"{}\": {}", question.question, error.message);
      report.failures.push_back(std::move(error));
      continue;
    }
    double in_first = 0, document_in_first = 0, rank = 0;
    for (std::size_t i = 0; i < found->size(); ++i) {
      const bool first = std::cmp_less(i, config.recall_k);
      const bool hit = holds_source((*found)[i], question);
      if (first && (*found)[i].document_id == question.document_id) document_in_first = 1;
      if (first && hit) in_first = 1;
      if (hit && rank == 0 && std::cmp_less(i, config.mrr_k)) rank = 1.0 / static_cast<double>(i + 1);
    }
    recall.push_back({question.document_id, in_first});
    document_recall.push_back({question.document_id, document_in_first});
    reciprocal.push_back({question.document_id, rank});
  }
  const BootstrapOptions options{.resamples = config.bootstrap, .seed = config.seed};
  report.retrieval[fmt::format("recall@{}", config.recall_k)] = bootstrap_mean(recall, options);
  report.retrieval[fmt::format("document_recall@{}", config.recall_k)] = bootstrap_mean(document_recall, options);
  report.retrieval[fmt::format("mrr@{}", config.mrr_k)] = bootstrap_mean(reciprocal, options);
}

}  // namespace twin::evaluation
