// Reranking within a time budget.
#include "inference/rag/rerank.h"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <numeric>
#include <thread>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/log.h"
#include "inference/rag/z_scores.h"

namespace twin::inference {
namespace {

/// Asks to stop when the time is up, or when the caller does.
class Alarm {
 public:
  Alarm(int milliseconds, const std::stop_token& cancel)
      : forward_(cancel, [this] { source_.request_stop(); }), timer_([this, milliseconds](const std::stop_token& end) {
          if (milliseconds <= 0) return;
          std::unique_lock lock(mutex_);
          wake_.wait_for(lock, end, Millis{milliseconds}, [] { return false; });
          if (!end.stop_requested()) source_.request_stop();
        }) {}
  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::stop_callback<std::function<void()>> forward_;
  std::jthread timer_;  // last: ends before what it uses
};

/// Judges batch after batch until all are judged, the time is up, or one fails.
class Judging {
 public:
  Judging(Reranker& reranker, const std::string& query, int budget_ms, RerankReport& report)
      : reranker_(reranker), query_(query), budget_ms_(budget_ms), report_(report) {}

  std::vector<double> run(const std::vector<Passage>& passages, std::size_t count, const std::stop_token& cancel) {
    const Alarm alarm(budget_ms_, cancel);
    const std::size_t step = reranker_.batch() == 0 ? count : reranker_.batch();
    std::vector<double> scores;
    double longest = 0;
    while (scores.size() < count) {
      const double before = elapsed();
      // A call that would end too late is not begun: it would only keep the engine busy.
      if (budget_ms_ > 0 && before + longest > budget_ms_) {
        report_.out_of_time = true;
        break;
      }
      const auto first = passages.begin() + static_cast<std::ptrdiff_t>(scores.size());
      const std::size_t size = std::min(step, count - scores.size());
      const std::vector<Passage> part(first, first + static_cast<std::ptrdiff_t>(size));
      const auto judged = reranker_.score(query_, part, alarm.token());
      if (!take(judged, size, alarm.token().stop_requested() && !cancel.stop_requested(), scores)) break;
      longest = std::max(longest, elapsed() - before);
    }
    report_.milliseconds = elapsed();
    return scores;
  }

 private:
  bool take(const Result<std::vector<double>>& judged, std::size_t size, bool late, std::vector<double>& scores) {
    if (!judged) {
      report_.out_of_time = late;
      if (!late) report_.problem = judged.error().text();
      return false;
    }
    const bool usable = judged->size() == size &&
                        std::all_of(judged->begin(), judged->end(), [](double s) { return std::isfinite(s); });
    if (!usable) {
      report_.problem = tr("The reranker's scores cannot be used");
      return false;
    }
    scores.insert(scores.end(), judged->begin(), judged->end());
    return true;
  }

  double elapsed() const { return (system_clock().monotonic() - started_) * 1e3; }

  Reranker& reranker_;
  const std::string& query_;
  int budget_ms_;
  RerankReport& report_;
  double started_ = system_clock().monotonic();
};

std::vector<double> mixed(const std::vector<Passage>& passages, const std::vector<double>& scores, double weight) {
  if (weight >= 1) return scores;
  std::vector<double> fused;
  for (std::size_t i = 0; i < scores.size(); ++i) fused.push_back(passages[i].fused);
  const auto a = z_scores(scores), b = z_scores(fused);
  std::vector<double> sums;
  for (std::size_t i = 0; i < scores.size(); ++i) sums.push_back(weight * a[i] + (1 - weight) * b[i]);
  return sums;
}

/// Those judged by their sums, best first; then the others. Their scores fall on from the last one judged.
void reorder(std::vector<Passage>& passages, const std::vector<double>& sums) {
  std::vector<std::size_t> order(passages.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(sums.size()),
                   [&](std::size_t a, std::size_t b) { return sums[a] > sums[b]; });
  std::vector<Passage> sorted;
  sorted.reserve(passages.size());
  for (const std::size_t i : order) {
    Passage passage = std::move(passages[i]);
    if (i < sums.size()) {
      passage.score = sums[i];
    } else {
      const Passage& above = sorted.back();
      passage.score = above.score - (i == sums.size() ? 1 : above.fused - passage.fused);
    }
    sorted.push_back(std::move(passage));
  }
  passages = std::move(sorted);
}

}  // namespace

RerankReport rerank_passages(Reranker& reranker, const std::string& query, const RetrievalConfig& config,
                             const std::stop_token& cancel, std::vector<Passage>& passages) {
  RerankReport report;
  report.name = config.rerank;
  const std::size_t count = std::min(passages.size(), static_cast<std::size_t>(config.rerank_candidates));
  report.candidates = static_cast<int>(count);
  if (count == 0) return report;
  const auto scores = Judging(reranker, query, config.rerank_budget_ms, report).run(passages, count, cancel);
  // An order that half rests on a failure is none.
  if (!report.problem.empty()) {
    log::warn("passages are not ranked anew: {}", report.problem);
    return report;
  }
  report.judged = static_cast<int>(scores.size());
  if (scores.empty()) return report;
  for (std::size_t i = 0; i < scores.size(); ++i) passages[i].reranked = scores[i];
  reorder(passages, mixed(passages, scores, config.rerank_weight));
  return report;
}

const std::vector<std::string>& rerank_names() {
  static const std::vector<std::string> names = {"off", "cross-encoder", "llm", "learned"};
  return names;
}

Json to_json(const RerankReport& report) {
  return {{"name", report.name},       {"candidates", report.candidates},   {"judged", report.judged},
          {"ms", report.milliseconds}, {"out_of_time", report.out_of_time}, {"problem", report.problem}};
}

std::string to_text(const RerankReport& report) {
  if (report.name.empty() || report.name == "off") return {};
  if (!report.problem.empty()) return tr("Not ranked anew ({}): {}", report.name, report.problem);
  std::string text = tr("Ranked anew ({}): {} of {} passages in {:.0f} ms", report.name, report.judged,
                        report.candidates, report.milliseconds);
  if (report.out_of_time) text += "; " + tr("the time was up, the others keep their order");
  return text;
}

}  // namespace twin::inference
