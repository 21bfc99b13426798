#include "inference/rag/choose.h"

#include <algorithm>
#include <map>

namespace twin::inference {
namespace {

/// Two passages of one document that share more than this part of the shorter one say the same.
constexpr double max_overlap = 0.5;

bool repeats(const Passage& a, const Passage& b) {
  if (!a.unread && !b.unread && a.text == b.text) return true;
  if (a.document_id != b.document_id) return false;
  if (a.parent.end > 0 && a.parent.start == b.parent.start && a.parent.end == b.parent.end) return true;
  const std::size_t start = std::max(a.start, b.start);
  const std::size_t end = std::min(a.end, b.end);
  if (end <= start) return false;
  const std::size_t shorter = std::min(a.end - a.start, b.end - b.start);
  return static_cast<double>(end - start) > max_overlap * static_cast<double>(shorter);
}

double cosine_of_units(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  return sum;
}

/// The passages in the order in which maximal marginal relevance takes them, the first k of it at least.
std::vector<Passage> by_marginal_relevance(std::vector<Passage> passages, std::size_t k, double lambda,
                                           stores::Index& index) {
  std::vector<std::string> ids;
  ids.reserve(passages.size());
  for (const Passage& passage : passages) ids.push_back(passage.chunk_id);
  const auto vectors = index.vectors(ids);
  const double best = passages.front().score, range = best - passages.back().score;
  // Of each passage that is left: its cosine to the nearest one chosen.
  std::vector<double> nearest(passages.size(), 0);
  std::vector<bool> taken(passages.size(), false);
  std::vector<Passage> chosen;
  while (chosen.size() < std::min(k, passages.size())) {
    std::size_t next = passages.size();
    double highest = 0;
    for (std::size_t i = 0; i < passages.size(); ++i) {
      if (taken[i]) continue;
      const double relevance = range > 0 ? 1 - (best - passages[i].score) / range : 1;
      const double value = lambda * relevance - (1 - lambda) * nearest[i];
      if (next == passages.size() || value > highest) {
        next = i;
        highest = value;
      }
    }
    taken[next] = true;
    const auto mine = vectors.find(passages[next].chunk_id);
    for (std::size_t i = 0; i < passages.size() && mine != vectors.end(); ++i) {
      if (taken[i]) continue;
      const auto other = vectors.find(passages[i].chunk_id);
      if (other != vectors.end()) nearest[i] = std::max(nearest[i], cosine_of_units(mine->second, other->second));
    }
    chosen.push_back(passages[next]);
  }
  return chosen;
}

/// The passages of a document beyond its first `most`, taken out of the list.
std::vector<Passage> take_surplus(std::vector<Passage>& passages, int most) {
  std::map<std::string, int> seen;
  std::vector<Passage> within, surplus;
  for (Passage& passage : passages) {
    const bool fits = ++seen[passage.document_id] <= most;
    (fits ? within : surplus).push_back(std::move(passage));
  }
  passages = std::move(within);
  return surplus;
}

}  // namespace

std::vector<Passage> without_repetitions(std::vector<Passage> passages) {
  std::vector<Passage> kept;
  for (Passage& passage : passages) {
    const bool seen = std::any_of(kept.begin(), kept.end(), [&](const Passage& p) { return repeats(p, passage); });
    if (!seen) kept.push_back(std::move(passage));
  }
  return kept;
}

std::vector<Passage> choose_passages(std::vector<Passage> passages, int k, const RetrievalConfig& config,
                                     stores::Index& index) {
  const auto wanted = static_cast<std::size_t>(std::max(k, 0));
  std::vector<Passage> surplus;
  if (config.max_per_document > 0) surplus = take_surplus(passages, config.max_per_document);
  if (config.mmr_lambda < 1 && !passages.empty()) {
    passages = by_marginal_relevance(std::move(passages), wanted, config.mmr_lambda, index);
  }
  for (Passage& passage : surplus) {
    if (passages.size() >= wanted) break;
    passages.push_back(std::move(passage));
  }
  if (passages.size() > wanted) passages.resize(wanted);
  for (std::size_t i = 0; i < passages.size(); ++i) passages[i].rank = static_cast<int>(i) + 1;
  return passages;
}

}  // namespace twin::inference
