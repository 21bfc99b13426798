#include "feature/chunk/meaning.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "feature/chunk/sections.h"

namespace twin::feature {
namespace {

int size_of(const std::vector<Unit>& units) {
  return std::accumulate(units.begin(), units.end(), 0, [](int sum, const Unit& unit) { return sum + unit.size; });
}

/// The unit with its neighbours, nearest first, as long as they fit.
std::string text_around(const ProseView& prose, const std::vector<Unit>& units, std::size_t i, int context,
                        int window) {
  std::size_t first = i, last = i + 1;
  int size = units[i].size;
  for (int n = 0; n < context; ++n) {
    if (first > 0 && size + units[first - 1].size <= window) size += units[--first].size;
    if (last < units.size() && size + units[last].size <= window) size += units[last++].size;
  }
  std::string text;
  for (std::size_t u = first; u < last; ++u) {
    if (!text.empty()) text += ' ';
    text += text_of(prose, units[u].span);
  }
  return text;
}

double step_between(const std::vector<float>& a, const std::vector<float>& b) {
  double cosine = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) cosine += double{a[i]} * double{b[i]};
  return 1 - cosine;
}

double percentile_of(const std::vector<std::vector<double>>& steps, double percentile) {
  std::vector<double> all;
  for (const auto& section : steps) all.insert(all.end(), section.begin(), section.end());
  if (all.empty()) return 0;
  std::sort(all.begin(), all.end());
  const auto rank = static_cast<std::size_t>(std::ceil(percentile / 100 * static_cast<double>(all.size())));
  return all[std::clamp<std::size_t>(rank, 1, all.size()) - 1];
}

}  // namespace

Result<Steps> meaning_steps(const ProseView& prose, const std::vector<std::vector<Unit>>& sections,
                            const SemanticRules& rules, int least, int window, const EmbedTexts& embed) {
  std::vector<std::string> texts;
  const auto divisible = [&](const std::vector<Unit>& units) {
    return units.size() > 1 && size_of(units) >= 2 * std::max(1, least);
  };
  for (const auto& units : sections) {
    if (!divisible(units)) continue;
    for (std::size_t i = 0; i < units.size(); ++i) {
      texts.push_back(text_around(prose, units, i, rules.context_sentences, window));
    }
  }
  Steps steps;
  steps.of.resize(sections.size());
  if (texts.empty()) return steps;
  const Result<std::vector<std::vector<float>>> vectors = embed(texts);
  if (!vectors) return tl::unexpected(vectors.error());
  std::size_t next = 0;
  for (std::size_t s = 0; s < sections.size(); ++s) {
    if (!divisible(sections[s])) continue;
    for (std::size_t i = 0; i + 1 < sections[s].size(); ++i) {
      steps.of[s].push_back(step_between((*vectors)[next + i], (*vectors)[next + i + 1]));
    }
    next += sections[s].size();
  }
  steps.threshold = percentile_of(steps.of, rules.percentile);
  return steps;
}

std::vector<Group> pack_by_meaning(const std::vector<Unit>& units, const std::vector<double>& steps, double threshold,
                                   int capacity, int least) {
  if (steps.empty()) return pack(units, capacity, least);
  std::vector<Group> groups;
  for (std::size_t first = 0; first < units.size();) {
    std::size_t last = first + 1, best = 0;
    int size = units[first].size, best_size = 0;
    bool ended = false;
    while (last < units.size() && size + units[last].size <= capacity) {
      ended = size >= least && steps[last - 1] > threshold;
      if (ended) break;
      const bool allowed = size >= std::max(least, capacity / 4);
      if (allowed && (best == 0 || steps[last - 1] > steps[best - 1])) {
        best = last;
        best_size = size;
      }
      size += units[last++].size;
    }
    // Full, and more comes: the end of what fits is a place to cut like any other.
    if (!ended && last < units.size() && best > 0 && steps[best - 1] > steps[last - 1]) {
      last = best;
      size = best_size;
    }
    groups.push_back({first, last, size});
    first = last;
  }
  if (groups.size() > 1) {
    Group &before = groups[groups.size() - 2], &end = groups.back();
    if (end.size < least && before.size + end.size <= capacity) {
      before.last = end.last;
      before.size += end.size;
      groups.pop_back();
    }
  }
  even_out(units, groups, capacity, least);
  return groups;
}

}  // namespace twin::feature
