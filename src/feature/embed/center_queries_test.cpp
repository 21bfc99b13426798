#include "feature/embed/center_queries.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "core/files.h"
#include "core/text/unicode.h"
#include "feature/embed/engines_for_test.h"
#include "feature/embed/general_questions.h"

namespace twin::feature {
namespace {

constexpr std::size_t dimension = 8;

/// A vector about a language: the rest is by chance.
std::vector<float> passage(std::mt19937& random, std::size_t language) {
  std::normal_distribution<double> noise(0, 0.3);
  std::vector<double> vector(dimension);
  double squares = 0;
  for (double& x : vector) x = noise(random);
  vector[0] += 1;         // what all share
  vector[language] += 1;  // 1 …
  for (const double x : vector) squares += x * x;
  std::vector<float> out;
  for (const double x : vector) out.push_back(static_cast<float>(x / std::sqrt(squares)));
  return out;
}

struct Corpus {
  TempFolder folder;
  testing::FakeEmbedder embedder;
  std::unique_ptr<stores::Index> index = stores::open_index(folder.path());
  std::mt19937 random{3};

  Corpus() { index->use_model(embedder.model_hash(), static_cast<int>(dimension)); }
  /// Documents of ten passages.
  void add(const std::string& language, std::size_t direction, int documents) {
    for (int d = 0; d < documents; ++d) {
      stores::IndexedDocument document;
      document.id = language + std::to_string(d);
      document.version = 1;
      document.feature_key = "key";
      document.language = language;
      std::vector<stores::Chunk> chunks;
      std::vector<std::vector<float>> vectors;
      for (int i = 0; i < 10; ++i) {
        stores::Chunk chunk;
        chunk.id = document.id + "/" + std::to_string(i);
        chunk.document_id = document.id;
        chunk.document_version = 1;
        chunk.text = chunk.retrieval = "text";
        chunks.push_back(chunk);
        vectors.push_back(passage(random, direction));
      }
      REQUIRE(index->replace(document, chunks, vectors));
    }
  }
  stores::QueryCentering measured() {
    REQUIRE(center_queries(embedder, *index));
    return index->query_centering();
  }
};

double product(const std::vector<float>& one, const std::vector<float>& other) {
  return std::inner_product(one.begin(), one.end(), other.begin(), 0.0);
}

}  // namespace

TEST_CASE("general questions are as many in each language, each of them once") {
  const auto& questions = general_questions();
  std::set<std::string> distinct;
  std::map<std::string, int> languages;
  for (const GeneralQuestion& question : questions) {
    distinct.insert({question.text, question.reworded});
    ++languages[question.language];
    CHECK(text::guess_language(question.text) == question.language);
    CHECK(text::guess_language(question.reworded) == question.language);
  }
  CHECK(distinct.size() == 2 * questions.size());
  CHECK(languages == std::map<std::string, int>{{"en", 20}, {"ko", 20}});
}

TEST_CASE("the centre is the mean of general questions, and is measured once for a model") {
  Corpus corpus;
  corpus.add("en", 1, 2);
  const auto first = corpus.measured();
  CHECK(first.version == general_questions_version);
  CHECK(corpus.embedder.texts() == 2 * static_cast<int>(general_questions().size()));
  std::vector<double> mean(dimension);
  std::vector<std::string> texts_alone;
  for (const GeneralQuestion& question : general_questions()) texts_alone.push_back(question.text);
  for (const auto& vector : value_or_throw(corpus.embedder.embed(texts_alone))) {
    for (std::size_t i = 0; i < dimension; ++i) mean[i] += double{vector[i]} / double(general_questions().size());
  }
  for (std::size_t i = 0; i < dimension; ++i) CHECK(double{first.centre[i]} == doctest::Approx(mean[i]).epsilon(1e-6));
  const int texts = corpus.embedder.texts();
  corpus.add("ko", 2, 2);
  CHECK(corpus.measured().centre == first.centre);
  CHECK(corpus.embedder.texts() == texts);
}

/// Knows what English questions mean and of the others only that they are not English.
class EnglishEmbedder final : public models::EmbeddingEngine {
 public:
  Result<std::vector<std::vector<float>>> embed(const std::vector<std::string>& texts) override {
    const auto& questions = general_questions();
    std::vector<std::vector<float>> out;
    for (const std::string& text : texts) {
      std::vector<float> vector(questions.size() + 1);
      const auto asked = std::find_if(questions.begin(), questions.end(),
                                      [&](const auto& q) { return q.text == text || q.reworded == text; });
      const bool english = asked != questions.end() && asked->language == "en";
      vector[english ? static_cast<std::size_t>(asked - questions.begin()) : questions.size()] = 1;
      if (!english) {  // by chance
        vector[std::hash<std::string>()(text) % questions.size()] += 0.5F;
        for (float& x : vector) x /= std::sqrt(1.25F);
      }
      out.push_back(std::move(vector));
    }
    return out;
  }
  [[nodiscard]] int dimension() const override { return static_cast<int>(general_questions().size()) + 1; }
  [[nodiscard]] int window_tokens() const override { return 128; }
  [[nodiscard]] std::string model_hash() const override { return "english"; }
};

TEST_CASE("a language that the model does not know is named, kept, and left out of the centre") {
  const TempFolder folder;
  EnglishEmbedder embedder;
  {
    const auto index = stores::open_index(folder.path());
    index->use_model(embedder.model_hash(), embedder.dimension());
    REQUIRE(center_queries(embedder, *index));
  }
  const auto index = stores::open_index(folder.path());
  const auto centering = index->query_centering();
  CHECK(centering.not_understood == std::vector<std::string>{"ko"});
  CHECK(centering.centre.back() == 0);  // where all Korean ones lie
}

TEST_CASE("a model with one vector for all that it does not know, does not know it") {
  /// Every text alike.
  class DullEmbedder final : public models::EmbeddingEngine {
   public:
    Result<std::vector<std::vector<float>>> embed(const std::vector<std::string>& texts) override {
      return std::vector<std::vector<float>>(texts.size(), {0.6F, 0.8F});
    }
    [[nodiscard]] int dimension() const override { return 2; }
    [[nodiscard]] int window_tokens() const override { return 128; }
    [[nodiscard]] std::string model_hash() const override { return "dull"; }
  } embedder;
  const TempFolder folder;
  const auto index = stores::open_index(folder.path());
  index->use_model(embedder.model_hash(), embedder.dimension());
  REQUIRE(center_queries(embedder, *index));
  CHECK(index->query_centering().not_understood == std::vector<std::string>{"en", "ko"});
}

TEST_CASE("languages of a corpus are told apart by directions: orthonormal, the same each time") {
  Corpus corpus;
  corpus.add("de", 1, 12);
  CHECK(corpus.measured().directions.empty());
  corpus.add("fr", 2, 12);
  corpus.add("ja", 3, 12);
  const auto centering = corpus.measured();
  REQUIRE(centering.directions.size() == 2);
  CHECK(product(centering.directions[0], centering.directions[0]) == doctest::Approx(1));
  CHECK(product(centering.directions[1], centering.directions[1]) == doctest::Approx(1));
  CHECK(std::abs(product(centering.directions[0], centering.directions[1])) < 1e-6);
  // They span what tells the three apart, not what all share.
  std::vector<float> between(dimension, 0), shared(dimension, 0);
  between[1] = -std::sqrt(0.5F);
  between[2] = std::sqrt(0.5F);
  shared[0] = 1;
  double held = 0, of_shared = 0;
  for (const auto& direction : centering.directions) {
    held += std::pow(product(direction, between), 2);
    of_shared += std::pow(product(direction, shared), 2);
  }
  CHECK(held > 0.97);
  CHECK(of_shared < 0.03);
  CHECK(corpus.measured() == centering);
  // The engine, whose vectors are hashes, does not know English: such writing makes no direction.
  corpus.add("en", 4, 12);
  CHECK(corpus.measured() == centering);
}

TEST_CASE("a language of few passages, and one that differs by chance alone, has no direction") {
  Corpus corpus;
  corpus.add("de", 1, 12);
  corpus.add("fr", 2, centering_least / 10 - 1);
  CHECK(corpus.measured().directions.empty());
  Corpus alike;
  alike.add("de", 1, 12);
  alike.add("nl", 1, 12);
  CHECK(alike.measured().directions.empty());
}

TEST_CASE("an engine that fails leaves the index as it was") {
  Corpus corpus;
  corpus.add("en", 1, 2);
  corpus.embedder.fail_on = [](const std::string&) { return Error{ErrorKind::network, "gone", "", ""}; };
  const auto failed = center_queries(corpus.embedder, *corpus.index);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind == ErrorKind::network);
  CHECK(corpus.index->query_centering() == stores::QueryCentering());
}

}  // namespace twin::feature
