#include "cli/retrieval_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/i18n.h"

namespace twin::cli {
namespace {

using evaluation::Estimate;

constexpr std::size_t shown_problems = 20;  // on stderr; --json has all

std::string measure_line(const std::string& name, const Estimate& estimate) {
  if (!estimate.has_interval()) return fmt::format("{:<17} {:.4f}", name, estimate.mean);
  return fmt::format("{:<17} {:.4f}  [{:.4f}, {:.4f}]", name, estimate.mean, estimate.low, estimate.high);
}

std::string difference_line(const std::string& name, const evaluation::PairedDifference& paired) {
  const Estimate& difference = paired.difference;
  return fmt::format("{:<17} {:+.4f}  [{:+.4f}, {:+.4f}]  p {:.3f}", name, difference.mean, difference.low,
                     difference.high, paired.p);
}

void show_kinds(Session& session, const evaluation::ScoreSummary& summary) {
  if (summary.kinds.size() < 2) return;
  session.print(fmt::format("\n{:<13} {:>6}  {:>8} {:>8} {:>8} {:>8}", tr("kind"), "n", "nDCG@10", "recall@1",
                            "recall@5", tr("coverage")));
  for (const auto& [kind, estimates] : summary.kinds) {
    session.print(fmt::format("{:<13} {:>6}  {:>8.4f} {:>8.4f} {:>8.4f} {:>8.4f}", kind, estimates.at("ndcg@10").n,
                              estimates.at("ndcg@10").mean, estimates.at("recall@1").mean,
                              estimates.at("recall@5").mean, estimates.at("coverage").mean));
  }
}

void show_comparison(Session& session, const evaluation::ScoreComparison& comparison) {
  std::string settings;
  for (const auto& [key, value] : comparison.settings) {
    settings.append(settings.empty() ? "" : ", ").append(key).append(" ").append(value);
  }
  session.print("\n" + tr("Against the run before ({}), {} queries:", settings, comparison.paired));
  for (const auto& [name, paired] : comparison.all) session.print(difference_line(name, paired));
  if (comparison.kinds.size() < 2) return;
  session.print(tr("nDCG@10 by kind:"));
  for (const auto& [kind, paired] : comparison.kinds) session.print(difference_line(kind, paired));
}

}  // namespace

std::optional<evaluation::ScoreComparison> compare_and_keep(const evaluation::BeirReport& report,
                                                            const std::map<std::string, std::string>& settings,
                                                            const ScorePlaces& places) {
  const evaluation::ScoreFile now{report.set, settings, report.scores};
  std::optional<evaluation::ScoreComparison> comparison;
  if (!places.against.empty()) {
    comparison = evaluation::compare(value_or_throw(evaluation::read_scores(places.against)), now);
    if (comparison->paired == 0) {
      throw Fatal(ErrorKind::usage, tr("The scores are of other queries"), places.against.string(),
                  tr("compare runs on the same test set"));
    }
  } else if (!places.last.empty()) {
    // Scores that cannot be read any more are no reason to fail: they are written anew below.
    if (const auto last = evaluation::read_scores(places.last)) comparison = evaluation::compare(*last, now);
  }
  const std::string text = evaluation::to_json_text(now);
  if (!places.last.empty()) value_or_throw(disk().write(places.last, text));
  if (!places.also.empty()) value_or_throw(disk().write(places.also, text));
  return comparison;
}

void show_report(Session& session, const std::string& mode, const evaluation::BeirReport& report,
                 const std::optional<evaluation::ScoreComparison>& comparison) {
  for (std::size_t i = 0; i < std::min(report.problems.size(), shown_problems); ++i) {
    fmt::print(stderr, "twin: {}\n", report.problems[i].text());
  }
  if (report.problems.size() > shown_problems) {
    fmt::print(stderr, "twin: {}\n", tr("… and {} more (--json has all)", report.problems.size() - shown_problems));
  }
  if (session.json()) {
    Json json = evaluation::to_json(report);
    if (comparison) json["compared"] = evaluation::to_json(*comparison);
    session.print(json);
    return;
  }
  session.print(tr("{} queries, {} documents in {} passages, indexed in {:.1f} s", report.queries, report.documents,
                   report.chunks, report.index_seconds));
  session.print(fmt::format("{:<8}  nDCG@10 {:.4f}  recall@5 {:.4f}  recall@10 {:.4f}  MRR@10 {:.4f}", mode,
                            report.mean("ndcg@10"), report.mean("recall@5"), report.mean("recall@10"),
                            report.mean("mrr@10")));
  for (const auto& [name, estimate] : report.summary.all) session.print(measure_line(name, estimate));
  show_kinds(session, report.summary);
  for (const auto& [retriever, area] : report.tells_unanswerable) {
    session.print(tr("{} queries that nothing answers: {} tells them apart in {:.1f} % of pairs", report.unanswerable,
                     retriever, area * 100));
  }
  if (report.unanswerable > 0) {
    const evaluation::CoverageReport& said = report.coverage;
    session.print(tr("\"Not in the writing\": precision {:.3f}, recall {:.3f}; said of {:.1f} % of the others",
                     said.precision(), said.recall(), said.refused() * 100));
  }
  session.print(tr("A query takes {:.1f} ms (median), {:.1f} ms (90th), {:.1f} ms (99th percentile)",
                   report.query_ms(0.5), report.query_ms(0.9), report.query_ms(0.99)));
  if (comparison) show_comparison(session, *comparison);
}

}  // namespace twin::cli
