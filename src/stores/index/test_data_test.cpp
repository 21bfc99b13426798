#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "core/hash.h"
#include "stores/index/test_data.h"

namespace twin::stores {
namespace {

std::vector<float> normalized(std::vector<float> vector) {
  double norm = 0;
  for (const float x : vector) norm += double{x} * double{x};
  for (float& x : vector) x = static_cast<float>(x / std::sqrt(norm));
  return vector;
}

}  // namespace

std::string word(int number) {
  std::string text = "w";
  for (const char digit : std::to_string(number)) text += "bcdfghjklm"[digit - '0'];
  return text + 'x';
}

std::string chunk_id(const std::string& document, std::size_t position) {
  return stable_id("chunk", {document, std::to_string(position)});
}

Made made(const std::string& document, const std::vector<std::string>& texts) {
  Made result;
  auto& d = result.document;
  d.id = document;
  d.version = 1;
  d.feature_key = "features of " + document;
  d.url = "https://example.org/" + document;
  d.title = document;
  d.source = "folder";
  d.category = "articles";
  d.language = "en";
  d.published = 1'600'000'000'000;
  std::uint32_t seed = 2166136261U;
  for (const char c : document) seed = (seed ^ static_cast<unsigned char>(c)) * 16777619U;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    Chunk chunk;
    chunk.id = chunk_id(document, i);
    chunk.document_id = document;
    chunk.document_version = 1;
    chunk.start = d.prose.size();
    d.prose += texts[i] + "\n\n";
    chunk.end = chunk.start + texts[i].size();
    chunk.headings = {document};
    chunk.tokens = static_cast<int>(i) + 3;
    chunk.text = texts[i];
    chunk.retrieval = document + "\n" + texts[i];
    result.chunks.push_back(chunk);
    std::mt19937 random(seed + static_cast<std::uint32_t>(i));
    result.vectors.push_back(unit_vector(random));
  }
  return result;
}

void add(Index& index, const std::string& document, const std::vector<std::string>& texts) {
  const auto [d, chunks, vectors] = made(document, texts);
  const auto result = index.replace(d, chunks, vectors);
  REQUIRE_MESSAGE(result.has_value(), (result ? "" : result.error().text()));
}

std::vector<float> unit_vector(std::mt19937& random, int dimension) {
  std::normal_distribution<float> normal;
  std::vector<float> vector(static_cast<std::size_t>(dimension));
  for (float& x : vector) x = normal(random);
  return normalized(std::move(vector));
}

std::vector<float> blend(const std::vector<float>& a, const std::vector<float>& b, float share) {
  std::vector<float> vector(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) vector[i] = share * a[i] + (1 - share) * b[i];
  return normalized(std::move(vector));
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * double{b[i]};
  return sum;
}

}  // namespace twin::stores
