#include "stores/index/qdrant/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace twin::stores::qdrant {
namespace {

constexpr double kSaturation = 1.2;  // BM25's k1
constexpr double kByLength = 0.75;   // BM25's b
constexpr double kLeastIdf = 1e-6;
constexpr double kRounding = 1e-6;  // the server computes with 32 bits

}  // namespace

std::uint32_t term_number(std::string_view term) {
  std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a
  for (const char c : term) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  hash ^= hash >> 32;  // its upper half is the better one
  const auto number = static_cast<std::uint32_t>(hash);
  return number == kEveryPassage ? 1 : number;
}

PassageWords count_words(Tokenizer& tokenizer, const std::string& title, const Chunk& chunk, double heading_weight) {
  PassageWords words;
  const auto count = [&](std::string_view text, double weight) {
    bool first = true;
    tokenizer.tokenize(text, Tokenizer::Purpose::document, [&](const Token& token) {
      words.frequency[term_number(token.text)] += weight;
      if (!token.colocated || first) ++words.length;
      first = false;
    });
  };
  std::string headings = title;
  for (const std::string& heading : chunk.headings) {
    if (heading != title) headings += '\n' + heading;  // the path of headings usually begins with the title
  }
  count(headings, heading_weight);
  count(chunk.retrieval, 1.0);
  return words;
}

double term_weight(double frequency, std::int64_t length, double average_length) {
  const double share = average_length > 0 ? static_cast<double>(length) / average_length : 1.0;
  return frequency * (kSaturation + 1) / (frequency + kSaturation * (1 - kByLength + kByLength * share));
}

// (N - n + 0.5) / (n + 0.5) = (N + 1) / (n + 0.5) - 1: N and n need not be known.
double idf_of(double server_idf) {
  return std::max(std::log(std::expm1(server_idf)), kLeastIdf);
}

// n > N / 2 is (N + 1) / (n + 0.5) < 2, for whole numbers by more than rounding takes away.
bool is_frequent(double server_idf) {
  return std::exp(server_idf) < 2 - kRounding;
}

std::string sparse_vector(const PassageWords& words, double average_length) {
  std::string indices = fmt::format("{}", kEveryPassage);
  std::string values = "1";
  for (const auto& [term, frequency] : words.frequency) {
    const auto weight = static_cast<float>(term_weight(frequency, words.length, average_length));
    if (weight <= 0) continue;  // words of headings whose weight is 0
    fmt::format_to(std::back_inserter(indices), ",{}", term);
    fmt::format_to(std::back_inserter(values), ",{}", weight);
  }
  return fmt::format(R"({{"indices":[{}],"values":[{}]}})", indices, values);
}

}  // namespace twin::stores::qdrant
