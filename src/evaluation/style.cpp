#include "evaluation/style.h"

#include <algorithm>
#include <cmath>

#include "core/text/unicode.h"
#include "evaluation/words.h"

namespace twin::evaluation {

namespace {

constexpr std::size_t kMinPassages = 2;
constexpr std::size_t kMinWords = 200;
constexpr std::size_t kMaxNgrams = 400;          // the most frequent of the author
constexpr std::size_t kMinPassagesWithWord = 2;  // a word of one passage says something about its topic

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

/// The `limit` most frequent entries as relative frequencies; ties in order of the text.
Counts most_frequent(const Counts& counts, std::size_t limit) {
  std::vector<std::pair<double, std::string>> order;
  for (const auto& [key, count] : counts) order.emplace_back(-count, key);
  std::sort(order.begin(), order.end());
  const double sum = total(counts);
  Counts kept;
  for (std::size_t i = 0; i < std::min(limit, order.size()); ++i) kept[order[i].second] = -order[i].first / sum;
  return kept;
}

}  // namespace

std::optional<StyleProfile> StyleProfile::make(const std::vector<std::string>& passages, bool korean) {
  std::vector<Counts> frequencies;
  Counts in_passages, ngrams;
  std::size_t word_count = 0;
  for (const std::string& passage : passages) {
    const auto passage_words = words(passage);
    if (passage_words.empty()) continue;
    word_count += passage_words.size();
    Counts counts = count_words(passage_words, korean);
    for (auto& [word, count] : counts) {
      ++in_passages[word];
      count /= static_cast<double>(passage_words.size());
    }
    frequencies.push_back(std::move(counts));
    for (const auto& [ngram, count] : count_ngrams(passage, korean)) ngrams[ngram] += count;
  }
  if (frequencies.size() < kMinPassages || word_count < kMinWords) return std::nullopt;

  StyleProfile profile;
  profile.korean_ = korean;
  const auto n = static_cast<double>(frequencies.size());
  for (const auto& [word, count] : in_passages) {
    if (count < static_cast<double>(kMinPassagesWithWord)) continue;
    double sum = 0, squares = 0;
    for (const Counts& passage : frequencies) {
      const auto found = passage.find(word);
      const double frequency = found == passage.end() ? 0 : found->second;
      sum += frequency;
      squares += frequency * frequency;
    }
    const double mean = sum / n;
    profile.words_.push_back({word, mean, std::sqrt(std::max(0.0, (squares - n * mean * mean) / (n - 1)))});
  }
  profile.chars_ = most_frequent(ngrams, kMaxNgrams);
  for (const auto& [ngram, frequency] : profile.chars_) profile.chars_norm_ += frequency * frequency;
  profile.chars_norm_ = std::sqrt(profile.chars_norm_);
  if (profile.words_.empty() || profile.chars_norm_ <= 0) return std::nullopt;
  return profile;
}

std::optional<StyleDistance> StyleProfile::distance(std::string_view utf8) const {
  const auto text_words = words(utf8);
  if (text_words.empty()) return std::nullopt;
  const auto length = static_cast<double>(text_words.size());
  const Counts counts = count_words(text_words, korean_);
  StyleDistance result;
  for (const Feature& feature : words_) {
    const auto found = counts.find(feature.name);
    const double frequency = found == counts.end() ? 0 : found->second / length;
    // A text of this length varies by sqrt(mean / length) through chance alone; longer passages of the author vary
    // less, and their deviation would make every short text look foreign.
    const double deviation = std::max(feature.deviation, std::sqrt(feature.mean / length));
    result.words += std::abs(frequency - feature.mean) / deviation;
  }
  result.words /= static_cast<double>(words_.size());

  const Counts ngrams = count_ngrams(utf8, korean_);
  double dot = 0, squares = 0;
  for (const auto& [ngram, frequency] : chars_) {
    const auto found = ngrams.find(ngram);
    if (found == ngrams.end()) continue;
    dot += frequency * found->second;
    squares += found->second * found->second;
  }
  result.chars = squares > 0 ? 1.0 - dot / (chars_norm_ * std::sqrt(squares)) : 1.0;
  return result;
}

}  // namespace twin::evaluation
