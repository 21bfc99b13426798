// Which passage supports which sentence of an answer. Pure: the same answer and passages give the same marks.
#include <algorithm>
#include <map>
#include <set>

#include "core/text/sentences.h"
#include "inference/rag/content_terms.h"
#include "inference/rag/marks.h"
#include "inference/rag/rag.h"

namespace twin::inference {
namespace {

/// A sentence with fewer distinct content terms (numbers aside: they may number a list) says too little to be
/// attributed, unless all of them are found.
constexpr std::size_t min_terms = 3;
constexpr std::size_t min_terms_all_found = 2;
/// How much neighbouring terms found side by side count beside single terms when two passages compete.
constexpr double pair_weight = 0.25;

using Terms = std::set<std::string>;
using Pairs = std::set<std::pair<std::string, std::string>>;

/// What a text says, for comparison.
struct Content {
  Terms terms;
  Pairs pairs;

  explicit Content(std::string_view text) {
    const auto list = content_terms(text);
    terms.insert(list.begin(), list.end());
    for (std::size_t i = 0; i + 1 < list.size(); ++i) pairs.emplace(list[i], list[i + 1]);
  }
};

template <class Set>
double share(const Set& part, const Set& whole) {
  if (part.empty()) return 0;
  const auto found = std::count_if(part.begin(), part.end(), [&](const auto& item) { return whole.contains(item); });
  return static_cast<double>(found) / static_cast<double>(part.size());
}

struct Support {
  double terms = 0;  ///< share of the sentence's terms, compared with the threshold
  double score = 0;  ///< orders passages
};

Support support_of(const Content& sentence, const Content& passage) {
  const double terms = share(sentence.terms, passage.terms);
  return {terms, terms + pair_weight * share(sentence.pairs, passage.pairs)};
}

bool is_number(const std::string& term) {
  return term.find_first_not_of("0123456789") == std::string::npos;
}

bool enough(const Content& sentence, double found, double threshold) {
  const auto numbers = std::count_if(sentence.terms.begin(), sentence.terms.end(), is_number);
  const std::size_t words = sentence.terms.size() - static_cast<std::size_t>(numbers);
  if (words >= min_terms) return found >= threshold;
  return words >= min_terms_all_found && found >= 1.0;
}

/// Numbers (1 …) of the passages that a sentence is marked with: the best one, and those the model named itself, as
/// far as they support it.
std::set<int> supporting(const Content& sentence, const std::vector<Content>& passages, const std::set<int>& named,
                         double threshold) {
  std::set<int> numbers;
  int best = 0;
  double best_score = -1;
  for (std::size_t i = 0; i < passages.size(); ++i) {
    const int n = static_cast<int>(i) + 1;
    const Support found = support_of(sentence, passages[i]);
    if (!enough(sentence, found.terms, threshold)) continue;
    if (named.contains(n)) numbers.insert(n);
    if (found.score > best_score) {
      best_score = found.score;
      best = n;
    }
  }
  if (numbers.empty() && best > 0) numbers.insert(best);
  return numbers;
}

std::vector<Content> contents_of(const std::vector<Passage>& passages) {
  std::vector<Content> contents;
  contents.reserve(passages.size());
  for (const Passage& passage : passages) {
    contents.emplace_back(passage.title + "\n" + passage.heading + "\n" + passage.text);
  }
  return contents;
}

/// The marks that stood in a sentence or between it and the next.
std::set<int> marks_within(const std::vector<Mark>& marks, std::size_t start, std::size_t next_start) {
  std::set<int> numbers;
  for (const Mark& mark : marks) {
    if (mark.offset > start && mark.offset <= next_start) numbers.insert(mark.numbers.begin(), mark.numbers.end());
  }
  return numbers;
}

std::vector<Citation> citations_of(const std::map<int, double>& leaning, const std::vector<Passage>& passages) {
  std::vector<std::pair<int, double>> order(leaning.begin(), leaning.end());
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<Citation> citations;
  for (const auto& [n, weight] : order) {
    const Passage& p = passages[static_cast<std::size_t>(n) - 1];
    citations.push_back({n, p.document_id, p.url, p.title, p.start, p.end, p.text});
  }
  return citations;
}

}  // namespace

Cited cite(const std::string& answer, const std::vector<Passage>& passages, double support) {
  const Unmarked plain = take_marks(answer);
  const std::vector<Content> contents = contents_of(passages);
  const auto spans = text::sentences(plain.text);
  Cited cited;
  std::map<int, double> leaning;  // number → terms of the sentences it supports
  std::size_t written = 0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const text::Span span = spans[i];
    if (!markable(plain.text, span)) continue;
    const Content sentence(std::string_view(plain.text).substr(span.start, span.end - span.start));
    const std::size_t next = i + 1 < spans.size() ? spans[i + 1].start : plain.text.size();
    const auto named = marks_within(plain.marks, span.start, next);
    const auto numbers = supporting(sentence, contents, named, support);
    cited.answer.append(plain.text, written, span.end - written);
    written = span.end;
    for (const int n : numbers) {
      cited.answer += (n == *numbers.begin() ? " [" : "[") + std::to_string(n) + "]";
      leaning[n] += static_cast<double>(sentence.terms.size());
    }
  }
  cited.answer.append(plain.text, written);
  cited.citations = citations_of(leaning, passages);
  return cited;
}

}  // namespace twin::inference
