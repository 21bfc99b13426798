#include "inference/query/planned_search.h"

#include <algorithm>
#include <map>
#include <set>

#include "inference/rag/read_texts.h"

namespace twin::inference {
namespace {

/// Cormack et al., SIGIR 2009.
constexpr double rrf_constant = 60;

/// The passages of several rankings, by the sum of their reciprocal ranks; a passage keeps the scores of the ranking
/// that has it highest.
std::vector<Passage> by_reciprocal_ranks(stores::Index& index, const std::vector<std::vector<Passage>>& rankings) {
  std::map<std::string, double> sums;
  std::map<std::string, const Passage*> best;
  for (const auto& ranking : rankings) {
    for (const Passage& passage : ranking) {
      sums[passage.chunk_id] += 1 / (rrf_constant + passage.fused_rank);
      const Passage*& known = best[passage.chunk_id];
      if (known == nullptr || passage.fused_rank < known->fused_rank) known = &passage;
    }
  }
  std::vector<Passage> out;
  out.reserve(best.size());
  for (const auto& [id, passage] : best) {
    out.push_back(*passage);
    out.back().fused = out.back().score = sums[id];
  }
  std::stable_sort(out.begin(), out.end(), [](const Passage& a, const Passage& b) { return a.score > b.score; });
  out = without_repetitions(index, std::move(out));
  for (std::size_t i = 0; i < out.size(); ++i) out[i].fused_rank = static_cast<int>(i) + 1;
  return out;
}

Result<Found> find_wordings(const SearchTools& tools, const QueryPlan& plan, const SearchRequest& request,
                            const RetrievalConfig& config) {
  std::vector<std::vector<Passage>> rankings;
  for (const std::string& wording : plan.wordings) {
    SearchRequest one = request;
    one.query = wording;
    const auto lists = retrieve(tools, one, config);
    if (!lists) return tl::unexpected(lists.error());
    rankings.push_back(fused_passages(tools.index, wording, *lists, config));
  }
  return finish_search(tools, request, config, by_reciprocal_ranks(tools.index, rankings));
}

/// The best of each part, then the second best of each …
Result<Found> find_parts(const SearchTools& tools, const QueryPlan& plan, const SearchRequest& request,
                         const RetrievalConfig& config) {
  std::vector<Found> parts;
  for (const std::string& part : plan.parts) {
    SearchRequest one = request;
    one.query = part;
    auto found = find_passages(tools, one, config);
    if (!found) return found;
    parts.push_back(std::move(*found));
  }
  Found all = parts.front();
  all.passages.clear();
  for (const Found& part : parts) {
    if (part.coverage.probability > all.coverage.probability) all.coverage = part.coverage;
  }
  std::set<std::string> taken;
  const std::size_t wanted = static_cast<std::size_t>(request.k > 0 ? request.k : config.k);
  for (std::size_t rank = 0; rank < wanted && all.passages.size() < wanted; ++rank) {
    for (const Found& part : parts) {
      if (rank >= part.passages.size() || all.passages.size() == wanted) continue;
      if (!taken.insert(part.passages[rank].chunk_id).second) continue;
      all.passages.push_back(part.passages[rank]);
      all.passages.back().rank = static_cast<int>(all.passages.size());
    }
  }
  return all;
}

/// Of each list and each end of the span of time: the request's where it has one, else the question's.
stores::IndexFilter joined(const stores::IndexFilter& required, const stores::IndexFilter& read_off) {
  stores::IndexFilter filter = required;
  const auto take = [](std::vector<std::string>& own, const std::vector<std::string>& other) {
    if (own.empty()) own = other;
  };
  take(filter.categories, read_off.categories);
  take(filter.sources, read_off.sources);
  take(filter.author_ids, read_off.author_ids);
  take(filter.languages, read_off.languages);
  take(filter.document_ids, read_off.document_ids);
  if (filter.published_from == 0) filter.published_from = read_off.published_from;
  if (filter.published_before == 0) filter.published_before = read_off.published_before;
  return filter;
}

Result<Found> find(const SearchTools& tools, const QueryPlan& plan, const SearchRequest& request,
                   const RetrievalConfig& config) {
  if (!plan.parts.empty()) return find_parts(tools, plan, request, config);
  if (plan.wordings.size() > 1) return find_wordings(tools, plan, request, config);
  return find_passages(tools, request, config);
}

}  // namespace

Result<Found> find_planned(const SearchTools& tools, QueryPlan& plan, int k, const RetrievalConfig& config,
                           std::stop_token cancel) {
  SearchRequest request{plan.question, k, joined(plan.required, plan.filter), std::move(cancel), plan.passages};
  auto found = find(tools, plan, request, config);
  if (!found || !found->passages.empty() || plan.filter.empty()) return found;
  for (QueryStep& step : plan.steps) {
    if (step.name == "filters") step.outcome = "given up: nothing in the index passes";
  }
  plan.filter = {};
  request.filter = plan.required;
  return find(tools, plan, request, config);
}

}  // namespace twin::inference
