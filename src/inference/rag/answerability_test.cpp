#include "inference/rag/answerability.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/files.h"
#include "inference/fakes.h"

using namespace twin;
using namespace twin::inference;

namespace {

Passage scored_passage(const std::string& id, double lexical, double dense) {
  Passage passage;
  passage.chunk_id = id;
  passage.parts = {{"lexical", lexical}, {"dense", dense}};
  return passage;
}

/// Says yes where the evidence's first column is above 0.5.
Answerability by_coverage() {
  Answerability model;
  model.version = evidence_version;
  model.index_model = "hash";
  model.weights = {4, 0};
  model.mean = {0.5, 0};
  model.scale = {0.5, 1};
  model.threshold = 0.5;
  model.measured = {{"recall", 0.75}};
  return model;
}

}  // namespace

TEST_CASE("evidence: what the words of the index's passages cover, and the best cosine; no text is read for it") {
  const TempFolder folder;
  const WordEmbedder embedder({"kernel"});
  const auto index = stores::open_index(folder.path());
  put(*index, embedder, "doc", "articles", 1.0, {"The kernel schedules processes.", "A package is installed."});
  std::vector<Passage> found = {scored_passage("doc-0", 3, 0.8), scored_passage("doc-1", 1, 0.2),
                                scored_passage("gone", 0, 0.3)};
  const std::string query = "How does the kernel schedule processes?";
  const Evidence evidence = evidence_of(*index, query, found);
  CHECK(evidence.candidates == 3);
  CHECK(evidence.coverage == doctest::Approx(1));
  CHECK(*evidence.cosine == doctest::Approx(0.8));
  CHECK(evidence_of(*index, "How do volcanoes erupt?", found).coverage == 0);
  CHECK(evidence.row().size() == evidence_names().size());
  CHECK(evidence_of(*index, query, {found[1], found[2]}).coverage < 0.5);

  CHECK(evidence_of(*index, query, {}).candidates == 0);
  CHECK_FALSE(evidence_of(*index, query, {}).cosine);
  found.resize(1);
  found[0].parts = {{"lexical", 2.0}};
  CHECK_FALSE(evidence_of(*index, query, found).cosine);
  CHECK(to_json(decide(uncalibrated(), evidence_of(*index, query, found))).at("evidence").at("cosine").is_null());
}

TEST_CASE("the decision: by the threshold; nothing found is never covered; what is missing counts as the mean") {
  const Answerability model = by_coverage();
  Evidence evidence;
  CHECK_FALSE(decide(model, evidence).covered);
  CHECK(decide(model, evidence).probability == 0);
  evidence.candidates = 5;
  evidence.coverage = 0.9;
  CHECK(decide(model, evidence).covered);
  CHECK(decide(model, evidence).calibrated);
  evidence.coverage = 0.1;
  CHECK_FALSE(decide(model, evidence).covered);
  CHECK_FALSE(decide(uncalibrated(), evidence).calibrated);
  Answerability by_cosine = model;
  by_cosine.weights = {0, 1};
  CHECK(by_cosine.probability(evidence) == doctest::Approx(0.5));
}

TEST_CASE("of the uncalibrated one: the words decide, whatever a model's cosines mean") {
  const Evidence little{20, 0.05, 0.9}, much{20, 1.0, 0.2};
  CHECK(decide(uncalibrated(), much).covered);
  CHECK_FALSE(decide(uncalibrated(), little).covered);
  Evidence other = much;
  other.cosine = 0.9;
  CHECK(uncalibrated().probability(other) == uncalibrated().probability(much));
}

TEST_CASE("a calibration is kept, and refused when it is of another index or damaged") {
  const TempFolder folder;
  const auto file = answerability_file(folder.path(), "hash");
  CHECK(value_or_throw(load_answerability(file, "hash")).index_model.empty());
  value_or_throw(save_answerability(by_coverage(), file));
  const auto loaded = load_answerability(file, "hash");
  REQUIRE(loaded);
  CHECK(to_json(*loaded) == to_json(by_coverage()));
  const auto other = load_answerability(file, "another");
  REQUIRE_FALSE(other);
  CHECK(other.error().kind == ErrorKind::invalid);
  CHECK(other.error().hint.find("twin index tune") != std::string::npos);
  value_or_throw(disk().write(file, "{\"version\": 1"));
  CHECK(load_answerability(file, "hash").error().kind == ErrorKind::invalid);
}
