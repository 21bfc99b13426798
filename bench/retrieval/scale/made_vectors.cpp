#include "made_vectors.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace twin::bench {
namespace {

constexpr std::size_t kTopics = 64;
constexpr std::size_t kBuckets = std::size_t{1} << 22;
constexpr float kOwnShare = 0.5F;     // of a term's own direction, beside its topics
constexpr float kSharedShare = 1.2F;  // of what all texts have in common

std::uint64_t mixed(std::uint64_t x) {  // splitmix64
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

void normalize(std::vector<float>& v) {
  double norm = 0;
  for (const float x : v) norm += double{x} * double{x};
  if (norm == 0) return;
  for (float& x : v) x = static_cast<float>(x / std::sqrt(norm));
}

}  // namespace

MadeVectors::MadeVectors(int dimension) : dimension_(dimension), holding_(kBuckets) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  topics_.resize(kTopics * static_cast<std::size_t>(dimension));
  for (float& x : topics_) x = normal(random) / std::sqrt(static_cast<float>(dimension));
  shared_.resize(static_cast<std::size_t>(dimension));
  for (float& x : shared_) x = normal(random);
  normalize(shared_);
}

std::vector<std::uint64_t> MadeVectors::terms_of(std::string_view text) {
  std::vector<std::uint64_t> terms;
  tokenizer_.tokenize(text, stores::Tokenizer::Purpose::query, [&](const stores::Token& token) {
    terms.push_back(mixed(std::hash<std::string_view>()(token.text)));
  });
  std::sort(terms.begin(), terms.end());
  return terms;
}

void MadeVectors::count(std::string_view text) {
  auto terms = terms_of(text);
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  for (const std::uint64_t term : terms) ++holding_[term % kBuckets];
  ++texts_;
}

std::vector<float> MadeVectors::vector(std::string_view text) {
  const auto terms = terms_of(text);
  std::vector<float> topic(kTopics);
  std::vector<float> own(static_cast<std::size_t>(dimension_));
  for (auto term = terms.begin(); term != terms.end();) {
    const auto next = std::upper_bound(term, terms.end(), *term);
    const double idf = std::log(1.0 + static_cast<double>(texts_) / (1.0 + holding_[*term % kBuckets]));
    const auto weight = static_cast<float>(idf * std::sqrt(static_cast<double>(next - term)));
    std::uint64_t bits = *term;
    for (std::size_t i = 0; i < kTopics; ++i) {
      if (i % 8 == 0) bits = mixed(bits);
      topic[i] += weight * (static_cast<float>(bits >> (i % 8 * 8) & 0xFF) / 128.0F - 1.0F);
    }
    for (std::size_t i = 0; i < own.size(); ++i) {
      if (i % 64 == 0) bits = mixed(bits);
      own[i] += (bits >> (i % 64) & 1) != 0 ? weight : -weight;
    }
    term = next;
  }
  std::vector<float> sum(static_cast<std::size_t>(dimension_));
  for (std::size_t t = 0; t < kTopics; ++t) {
    const float* row = topics_.data() + t * sum.size();
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += topic[t] * row[i];
  }
  normalize(sum);
  normalize(own);
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += kOwnShare * own[i];
  normalize(sum);
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += kSharedShare * shared_[i];
  normalize(sum);
  return sum;
}

}  // namespace twin::bench
