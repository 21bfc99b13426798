#include "inference/rag/learned_ranker.h"

#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "inference/rag/rank_features.h"

using namespace twin;
using namespace twin::inference;

namespace {

Passage passage_of(const std::string& document, const std::string& text, double lexical, double dense) {
  Passage passage;
  passage.document_id = document;
  passage.title = "Handbook";
  passage.heading = "Handbook › Disks";
  passage.text = text;
  passage.parts = {{"lexical", lexical}, {"dense", dense}};
  return passage;
}

double feature(const std::vector<double>& row, const std::string& name) {
  const auto& names = rank_feature_names();
  const auto it = std::find(names.begin(), names.end(), name);
  REQUIRE(it != names.end());
  return row.at(static_cast<std::size_t>(it - names.begin()));
}

LearnedRanker ranker_on(const std::string& name) {
  LearnedRanker ranker;
  ranker.version = rank_features_version;
  ranker.index_model = "model";
  ranker.queries = 3;
  ranker.measured = {{"learned.known.mrr@10", 0.5}};
  for (const std::string& feature : rank_feature_names()) {
    ranker.weights.push_back(feature == name ? 2 : 0);
    ranker.mean.push_back(0.25);
    ranker.scale.push_back(0.5);
  }
  return ranker;
}

}  // namespace

TEST_CASE("rank features: what they say of a passage") {
  const std::vector<Passage> passages = {passage_of("a", "Mirror two disks with a RAID array.", 5, 0.2),
                                         passage_of("a", "An array of other things, far from any disk.", 3, 0.9),
                                         passage_of("b", "Bananas are yellow.", 1, 0.1)};
  const auto rows = rank_features("RAID array mirror", passages);
  REQUIRE(rows.size() == 3);
  for (const auto& row : rows) {
    REQUIRE(row.size() == rank_feature_names().size());
    for (const double value : row) CHECK(std::isfinite(value));
  }
  CHECK(feature(rows[0], "lexical") > feature(rows[1], "lexical"));
  CHECK(feature(rows[1], "dense") > feature(rows[0], "dense"));
  CHECK(feature(rows[0], "coverage") == doctest::Approx(1));
  CHECK(feature(rows[1], "coverage") > 0);
  CHECK(feature(rows[1], "coverage") < 0.5);
  CHECK(feature(rows[2], "coverage") == 0);
  CHECK(feature(rows[0], "proximity") == doctest::Approx(1));
  CHECK(feature(rows[0], "pairs") == doctest::Approx(0.5));
  CHECK(feature(rows[0], "siblings") > feature(rows[2], "siblings"));
  CHECK(feature(rows[0], "heading") == 0);
  CHECK(feature(rank_features("disks", passages)[0], "heading") == doctest::Approx(1));
}

TEST_CASE("rank features: Korean, missing scores and odd input are finite") {
  Passage korean = passage_of("k", "국회도서관은 자료를 수집한다.", 1, 0.5);
  Passage dense_only = korean;
  dense_only.parts.erase("lexical");
  for (const std::string query : {"국회도서관 자료", "", "?!", "\xff\xfe", "a"}) {
    for (const auto& row : rank_features(query, {korean, dense_only})) {
      for (const double value : row) CHECK(std::isfinite(value));
    }
  }
  const auto rows = rank_features("국회 도서관의 자료", {korean, passage_of("e", "English words.", 0, 0.1)});
  CHECK(feature(rows[0], "coverage") > 0.5);
  CHECK(feature(rows[0], "language") > feature(rows[1], "language"));
  CHECK(rank_features("q", {}).empty());
}

TEST_CASE("learned ranker: scores are the weighted features") {
  const auto reranker = make_learned_reranker(ranker_on("coverage"));
  const auto scores =
      reranker->score("raid", {passage_of("a", "A raid array.", 1, 0), passage_of("b", "Bananas.", 2, 1)}, {});
  REQUIRE(scores);
  CHECK((*scores)[0] == doctest::Approx(2 * (1 - 0.25) / 0.5));
  CHECK((*scores)[1] == doctest::Approx(2 * (0 - 0.25) / 0.5));
  CHECK(reranker->batch() == 0);
}

TEST_CASE("learned ranker: what is saved is loaded; of another index or damaged it is refused") {
  const TempFolder folder;
  const auto file = ranker_file(folder.path(), "model");
  CHECK(file != ranker_file(folder.path(), "other"));
  const auto missing = load_ranker(file, "model");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == ErrorKind::not_found);
  CHECK(missing.error().hint.find("twin index tune") != std::string::npos);

  const LearnedRanker ranker = ranker_on("dense");
  REQUIRE(save_ranker(ranker, file));
  const auto loaded = load_ranker(file, "model");
  REQUIRE(loaded);
  CHECK(to_json(*loaded) == to_json(ranker));
  for (const auto& [bytes, model] : std::vector<std::pair<std::string, std::string>>{
           {to_json(ranker).dump(), "other"}, {"{}", "model"}, {"not json", "model"}, {"[1]", "model"}}) {
    REQUIRE(disk().write(file, bytes));
    const auto refused = load_ranker(file, model);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::invalid);
  }
  Json older = to_json(ranker);
  older["version"] = rank_features_version + 1;
  REQUIRE(disk().write(file, older.dump()));
  CHECK_FALSE(load_ranker(file, "model"));
}
