#include "inference/rag/coverage.h"

#include <algorithm>
#include <cmath>

#include "inference/rag/content_terms.h"

namespace twin::inference {

double best_coverage(stores::Index& index, const std::string& query, const std::vector<std::string>& chunk_ids) {
  const std::string words = content_words(query);
  if (words.empty() || chunk_ids.empty()) return 0;
  const stores::WordsHeld found = index.words_held(words, chunk_ids);
  const auto passages = static_cast<double>(found.held.size());
  std::vector<double> weights;
  double all = 0;
  for (std::size_t word = 0; word < found.words; ++word) {
    const auto holding = std::count_if(found.held.begin(), found.held.end(),
                                       [word](const std::vector<bool>& held) { return held[word]; });
    weights.push_back(std::log((passages + 1) / (static_cast<double>(holding) + 0.5)));
    all += weights.back();
  }
  double best = 0;
  for (const std::vector<bool>& held : found.held) {
    double sum = 0;
    for (std::size_t word = 0; word < found.words; ++word) sum += held[word] ? weights[word] : 0;
    best = std::max(best, sum);
  }
  return all > 0 ? best / all : 0;
}

}  // namespace twin::inference
