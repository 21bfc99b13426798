#include "evaluation/style.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "core/text/unicode.h"
#include "evaluation/words.h"

namespace twin::evaluation {

namespace {

constexpr std::size_t kMinPassages = 2;
constexpr double kMinWords = 200;
constexpr std::size_t kMaxFunctionWords = 100;  // the most frequent of the author
constexpr std::size_t kMaxNgrams = 400;         // the most frequent of the author
constexpr double kMinPassagesWithWord = 2;      // a word of one passage says something about its topic

using Counts = std::map<std::string, double, std::less<>>;

/// Function words (English) or endings (Korean), counted; the total is the number of words.
Counts count_words(const std::vector<std::string>& words, bool korean) {
  static const std::vector<std::string>& function_words = english_function_words();
  Counts counts;
  for (const std::string& word : words) {
    if (korean) {
      if (const std::string_view ending = korean_ending(word); !ending.empty()) ++counts[std::string(ending)];
    } else if (std::binary_search(function_words.begin(), function_words.end(), word)) {
      ++counts[word];
    }
  }
  return counts;
}

/// Case-folded, white space as one blank, digits as 0: what is left is habit rather than layout or numbers.
std::u32string normalized(std::string_view utf8) {
  std::u32string result = U" ";
  const std::string folded = text::fold(utf8);
  for (const text::Codepoint& c : text::codepoints(folded)) {
    const char32_t next = text::is_space(c.value) ? U' ' : text::is_digit(c.value) ? U'0' : c.value;
    if (next != U' ' || result.back() != U' ') result += next;
  }
  if (result.back() != U' ') result += U' ';
  return result;
}

std::string to_utf8(std::u32string_view codepoints) {
  std::string result;
  for (const char32_t c : codepoints) {
    if (c < 0x80) {
      result += static_cast<char>(c);
    } else if (c < 0x800) {
      result += static_cast<char>(0xC0 | (c >> 6));
      result += static_cast<char>(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
      result += static_cast<char>(0xE0 | (c >> 12));
      result += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
      result += static_cast<char>(0x80 | (c & 0x3F));
    } else {
      result += static_cast<char>(0xF0 | (c >> 18));
      result += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
      result += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
      result += static_cast<char>(0x80 | (c & 0x3F));
    }
  }
  return result;
}

Counts count_ngrams(std::string_view utf8, bool korean) {
  const std::size_t n = korean ? 2 : 3;
  const std::u32string text = normalized(utf8);
  Counts counts;
  for (std::size_t i = 0; i + n <= text.size(); ++i) ++counts[to_utf8(std::u32string_view(text).substr(i, n))];
  return counts;
}

double total(const Counts& counts) {
  double sum = 0;
  for (const auto& [key, count] : counts) sum += count;
  return sum;
}

/// Names of the `limit` most frequent entries; ties in order of the text.
std::vector<std::string> most_frequent(const Counts& counts, std::size_t limit) {
  std::vector<std::pair<double, std::string>> order;
  order.reserve(counts.size());
  for (const auto& [key, count] : counts) order.emplace_back(-count, key);
  std::sort(order.begin(), order.end());
  order.resize(std::min(limit, order.size()));
  std::vector<std::string> names;
  names.reserve(order.size());
  for (auto& [count, key] : order) names.push_back(std::move(key));
  return names;
}

double count_of(const Counts& counts, const std::string& name) {
  const auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

/// Sample deviation of a word's relative frequency between passages.
double deviation(const std::vector<Counts>& frequencies, const std::string& word, double mean) {
  double squares = 0;
  for (const Counts& passage : frequencies) squares += std::pow(count_of(passage, word) - mean, 2);
  return std::sqrt(squares / static_cast<double>(frequencies.size() - 1));
}

}  // namespace

std::optional<StyleProfile> StyleProfile::make(const std::vector<std::string>& passages, bool korean) {
  std::vector<Counts> frequencies;  // of each passage
  Counts in_passages, totals, ngrams;
  double word_count = 0;
  for (const std::string& passage : passages) {
    const auto passage_words = words(passage);
    if (passage_words.empty()) continue;
    word_count += static_cast<double>(passage_words.size());
    Counts counts = count_words(passage_words, korean);
    for (auto& [word, count] : counts) {
      ++in_passages[word];
      totals[word] += count;
      count /= static_cast<double>(passage_words.size());
    }
    frequencies.push_back(std::move(counts));
    for (const auto& [ngram, count] : count_ngrams(passage, korean)) ngrams[ngram] += count;
  }
  if (frequencies.size() < kMinPassages || word_count < kMinWords) return std::nullopt;

  StyleProfile profile;
  profile.korean_ = korean;
  const double passage_words = word_count / static_cast<double>(frequencies.size());
  for (const std::string& word : most_frequent(totals, kMaxFunctionWords)) {
    if (count_of(in_passages, word) < kMinPassagesWithWord) continue;
    const double mean = count_of(totals, word) / word_count;
    // A rare word may happen to be spread evenly; by chance alone it would vary by this much.
    const double by_chance = std::sqrt(mean / passage_words);
    profile.words_.push_back({word, mean, std::max(deviation(frequencies, word, mean), by_chance)});
  }
  const double ngram_count = total(ngrams);
  for (const std::string& ngram : most_frequent(ngrams, kMaxNgrams)) {
    profile.ngrams_.push_back({ngram, count_of(ngrams, ngram) / ngram_count, 0});
  }
  if (profile.words_.empty() || profile.ngrams_.empty()) return std::nullopt;
  return profile;
}

std::vector<double> StyleProfile::counts(std::string_view utf8) const {
  const auto text_words = words(utf8);
  const Counts word_counts = count_words(text_words, korean_);
  const Counts ngram_counts = count_ngrams(utf8, korean_);
  std::vector<double> result;
  result.reserve(size());
  result.push_back(static_cast<double>(text_words.size()));
  for (const Feature& word : words_) result.push_back(count_of(word_counts, word.name));
  for (const Feature& ngram : ngrams_) result.push_back(count_of(ngram_counts, ngram.name));
  return result;
}

std::optional<StyleDistance> StyleProfile::distance(std::span<const double> counts) const {
  const double length = counts[0];
  if (length <= 0) return std::nullopt;
  StyleDistance result;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    result.words += std::abs(counts[1 + i] / length - words_[i].mean) / words_[i].deviation;
  }
  result.words /= static_cast<double>(words_.size());

  double dot = 0, own = 0, other = 0;
  for (std::size_t i = 0; i < ngrams_.size(); ++i) {
    const double count = counts[1 + words_.size() + i];
    dot += ngrams_[i].mean * count;
    own += ngrams_[i].mean * ngrams_[i].mean;
    other += count * count;
  }
  result.chars = other > 0 ? 1.0 - dot / std::sqrt(own * other) : 1.0;
  return result;
}

}  // namespace twin::evaluation
