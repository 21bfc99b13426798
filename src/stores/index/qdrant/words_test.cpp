#include "stores/index/qdrant/words.h"

#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

using namespace twin::stores;
using namespace twin::stores::qdrant;

namespace {

float server_idf(double passages, double holding) {
  return static_cast<float>(std::log(1 + (passages - holding + 0.5) / (holding + 0.5)));
}

}  // namespace

TEST_CASE("sparse words: the server's idf leads to that of FTS5") {
  for (const double passages : {2.0, 7.0, 1000.0, 250'000.0}) {
    for (const double holding : {1.0, 2.0, 3.0, 400.0, 120'000.0}) {
      if (holding > passages) continue;
      const double expected = std::log((passages - holding + 0.5) / (holding + 0.5));
      const double idf = idf_of(double{server_idf(passages, holding)});
      if (expected > 1e-3) CHECK(idf == doctest::Approx(expected).epsilon(1e-4));
      if (expected < -1e-3) CHECK(idf == 1e-6);
      CHECK(is_frequent(double{server_idf(passages, holding)}) == (holding > passages / 2));
    }
  }
}

TEST_CASE("sparse words: a frequent word weighs more, in a short passage still more") {
  CHECK(term_weight(2, 100, 100) > term_weight(1, 100, 100));
  CHECK(term_weight(1, 50, 100) > term_weight(1, 100, 100));
  CHECK(term_weight(1, 100, 100) == doctest::Approx(1.0));
  CHECK(term_weight(1e9, 100, 100) < 2.2001);
}

TEST_CASE("sparse words: of title, headings and text, by the index's tokenizer") {
  Tokenizer tokenizer;
  Chunk chunk;
  chunk.headings = {"Title", "Installing"};
  chunk.retrieval = "플랫폼을 install";
  const PassageWords words = count_words(tokenizer, "Title", chunk, 3.0);
  CHECK(words.frequency.at(term_number("instal")) == 4);  // one heading, one word
  CHECK(words.frequency.at(term_number("플랫")) == 1);
  CHECK(words.frequency.at(term_number("titl")) == 3);  // the title is not counted twice
  CHECK(words.length == 2 + 3 + 1);
  const auto sparse = nlohmann::json::parse(sparse_vector(words, 10));
  CHECK(sparse["indices"].size() == sparse["values"].size());
  CHECK(sparse["indices"][0] == kEveryPassage);
  CHECK(nlohmann::json::parse(sparse_vector({}, 10))["indices"].size() == 1);
}
