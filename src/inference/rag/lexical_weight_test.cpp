#include "inference/rag/lexical_weight.h"

#include <doctest/doctest.h>

#include "core/files.h"
#include "inference/fakes.h"
#include "inference/rag/coverage.h"

using namespace twin;
using namespace twin::inference;

TEST_CASE("what a question in a script of its own says is not held by passages in other scripts") {
  CHECK(sayable_share("국회도서관의 자료", {"ko", "ko"}) == 1);
  CHECK(sayable_share("국회도서관의 자료", {"ko", "en", "en", "en"}) == doctest::Approx(0.25));
  CHECK(sayable_share("국회도서관의 자료", {"en"}) == 0);
  // But for the words that it writes in Latin letters: six letters of ten.
  CHECK(sayable_share("systemd? 서비스", {"en"}) == doctest::Approx(0.7));
  CHECK(sayable_share("사용법 systemd", {"ko", "en"}) == doctest::Approx(0.85));
  CHECK(sayable_share("図書館の資料", {"zh", "ja"}) == 1);
  CHECK(sayable_share("図書館の資料", {"ko"}) == 0);
}

TEST_CASE("a question in Latin letters, and passages of unknown language, leave words their weight") {
  CHECK(sayable_share("how do I start a service", {"ko", "ko"}) == 1);
  CHECK(sayable_share("국회도서관의 자료", {"", ""}) == 1);
  CHECK(sayable_share("국회도서관의 자료", {}) == 1);
  CHECK(sayable_share("", {"ko"}) == 1);
  CHECK(sayable_share("\xFF\xFE?", {"ko"}) == 1);
}

TEST_CASE("words tell as much as the candidates hold of them and could hold") {
  const TempFolder folder;
  const WordEmbedder embedder({"kernel"});
  const auto index = stores::open_index(folder.path());
  put(*index, embedder, "a", "articles", 1.0, {"커널 모듈을 올린다.", "Bananas."});
  const stores::RankedList lexical{"lexical", 1, {{"a-0", 1}}}, dense{"dense", 1, {{"a-0", 1}, {"a-1", 0.5}}};
  auto candidates = candidates_of(*index, {lexical, dense, {"image", 1, {{"gone", 1}}}});
  CHECK(candidates.size() == 2);
  const std::string question = "커널 모듈";
  const double coverage = best_coverage(*index, question, {"a-0", "a-1"});
  REQUIRE(coverage == doctest::Approx(1));
  candidates.at("a-0").language = candidates.at("a-1").language = "ko";
  CHECK(lexical_evidence(*index, question, {lexical, dense}, candidates) == doctest::Approx(1));
  candidates.at("a-1").language = "en";
  CHECK(lexical_evidence(*index, question, {lexical, dense}, candidates) == doctest::Approx(0.5));
  CHECK(lexical_evidence(*index, question, {lexical}, candidates) == doctest::Approx(1));
}

TEST_CASE("words count less the less they tell, and only where scores are brought to one scale") {
  CHECK(lexical_gain(stores::Fusion::weighted, 1) > 0);
  CHECK(lexical_gain(stores::Fusion::weighted, 0.5) < lexical_gain(stores::Fusion::weighted, 1) / 2);
  CHECK(lexical_gain(stores::Fusion::weighted, 0) == 0);
  CHECK(lexical_gain(stores::Fusion::zscore, 0.3) == 1);
  CHECK(lexical_gain(stores::Fusion::rrf, 0) == 1);
}
