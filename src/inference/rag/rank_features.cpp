#include "inference/rag/rank_features.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/text/unicode.h"
#include "inference/rag/content_terms.h"
#include "inference/rag/z_scores.h"

namespace twin::inference {
namespace {

using TermList = std::vector<std::string>;

/// Bytes of prose after which a passage is no longer near the beginning.
constexpr double early_bytes = 2000;

struct Read {
  TermList terms;
  std::set<std::string> words;    ///< of text, title and headings
  std::set<std::string> heading;  ///< of title and headings
};

Read read(const Passage& passage) {
  Read out;
  out.terms = content_terms(passage.text);
  const TermList heading = content_terms(passage.title + " " + passage.heading);
  out.heading = {heading.begin(), heading.end()};
  out.words = {out.terms.begin(), out.terms.end()};
  out.words.insert(heading.begin(), heading.end());
  return out;
}

/// Of each term of the query: how much it tells the passages apart.
std::map<std::string, double> rarity(const TermList& query, const std::vector<Read>& passages) {
  std::map<std::string, double> weights;
  for (const std::string& term : query) {
    const auto holding = std::count_if(passages.begin(), passages.end(),
                                       [&](const Read& passage) { return passage.words.contains(term); });
    weights[term] = std::log((static_cast<double>(passages.size()) + 1) / (static_cast<double>(holding) + 0.5));
  }
  return weights;
}

/// Share of the query's weight that the words hold.
double coverage(const std::map<std::string, double>& weights, const std::set<std::string>& words) {
  double held = 0, all = 0;
  for (const auto& [term, weight] : weights) {
    all += weight;
    if (words.contains(term)) held += weight;
  }
  return all > 0 ? held / all : 0;
}

/// Share of the query's terms that stand together in one stretch of twice as many terms.
double proximity(const std::map<std::string, double>& weights, const TermList& terms) {
  const std::size_t width = 2 * weights.size();
  std::map<std::string, int> inside;
  std::size_t best = 0;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    if (weights.contains(terms[i])) ++inside[terms[i]];
    if (i >= width) {
      const auto left = inside.find(terms[i - width]);
      if (left != inside.end() && --left->second == 0) inside.erase(left);
    }
    best = std::max(best, inside.size());
  }
  return weights.empty() ? 0 : static_cast<double>(best) / static_cast<double>(weights.size());
}

/// Share of the query's neighbouring pairs of terms that stand side by side in the passage.
double pairs(const TermList& query, const TermList& terms) {
  if (query.size() < 2) return 0;
  std::set<std::pair<std::string, std::string>> there;
  for (std::size_t i = 0; i + 1 < terms.size(); ++i) there.emplace(terms[i], terms[i + 1]);
  std::size_t found = 0;
  for (std::size_t i = 0; i + 1 < query.size(); ++i) found += there.contains({query[i], query[i + 1]}) ? 1 : 0;
  return static_cast<double>(found) / static_cast<double>(query.size() - 1);
}

/// z-scores of a retriever; what it says nothing of has its lowest.
std::vector<double> part(const std::vector<Passage>& passages, const std::string& retriever) {
  std::vector<double> known;
  for (const Passage& passage : passages) {
    if (const auto it = passage.parts.find(retriever); it != passage.parts.end()) known.push_back(it->second);
  }
  const double lowest = known.empty() ? 0 : *std::min_element(known.begin(), known.end());
  std::vector<double> values;
  for (const Passage& passage : passages) {
    const auto it = passage.parts.find(retriever);
    values.push_back(it == passage.parts.end() ? lowest : it->second);
  }
  return z_scores(values);
}

/// The best score of another passage of the same document; the lowest of all where there is none.
std::vector<double> siblings(const std::vector<Passage>& passages, const std::vector<double>& scores) {
  const double lowest = scores.empty() ? 0 : *std::min_element(scores.begin(), scores.end());
  std::vector<double> best(passages.size(), lowest);
  for (std::size_t i = 0; i < passages.size(); ++i) {
    for (std::size_t j = 0; j < passages.size(); ++j) {
      if (i != j && passages[i].document_id == passages[j].document_id) best[i] = std::max(best[i], scores[j]);
    }
  }
  return best;
}

}  // namespace

const std::vector<std::string>& rank_feature_names() {
  static const std::vector<std::string> names = {"lexical",  "dense",   "lexical_if_covered", "dense_if_uncovered",
                                                 "coverage", "heading", "proximity",          "pairs",
                                                 "length",   "early",   "language",           "siblings"};
  return names;
}

std::vector<std::vector<double>> rank_features(const std::string& query, const std::vector<Passage>& passages) {
  const TermList terms = content_terms(query);
  std::vector<Read> texts;
  texts.reserve(passages.size());
  for (const Passage& passage : passages) texts.push_back(read(passage));
  const auto weights = rarity(terms, texts);
  const auto lexical = part(passages, "lexical"), dense = part(passages, "dense");
  std::vector<double> sums, covered;
  for (std::size_t i = 0; i < passages.size(); ++i) {
    sums.push_back(lexical[i] + dense[i]);
    covered.push_back(coverage(weights, texts[i].words));
  }
  const auto others = siblings(passages, sums);
  // How much of the question the corpus says in its words at all: where it is little, words are noise.
  const double most = covered.empty() ? 0 : *std::max_element(covered.begin(), covered.end());
  const double hangul = text::hangul_share(text::repair_utf8(query));
  std::vector<std::vector<double>> rows;
  rows.reserve(passages.size());
  for (std::size_t i = 0; i < passages.size(); ++i) {
    const double language = 1 - std::abs(hangul - text::hangul_share(passages[i].text));
    rows.push_back({lexical[i], dense[i], lexical[i] * most, dense[i] * (1 - most), covered[i],
                    coverage(weights, texts[i].heading), proximity(weights, texts[i].terms),
                    pairs(terms, texts[i].terms), std::log1p(static_cast<double>(texts[i].terms.size())),
                    std::exp(-static_cast<double>(passages[i].start) / early_bytes), language, others[i]});
  }
  return rows;
}

}  // namespace twin::inference
