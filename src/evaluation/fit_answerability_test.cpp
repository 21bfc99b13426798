#include "evaluation/fit_answerability.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "evaluation/index_for_test.h"

using namespace twin;
using namespace twin::evaluation;
using inference::Evidence;

namespace {

/// A hundred of each kind whose cosines overlap in a tenth of them.
std::vector<EvidenceSample> overlapping() {
  std::vector<EvidenceSample> samples;
  for (int i = 0; i < 100; ++i) {
    const double step = i / 100.0;
    samples.push_back({Evidence{10, 0.5, 0.2 + step / 10}, true, i % 5});
    samples.push_back({Evidence{10, 0.5, 0.11 + step / 10}, false, i % 5});
  }
  return samples;
}

/// A document of one passage in the index, as a search finds it.
inference::Passage found_passage(IndexForTest& archive, const std::string& document, const std::string& text) {
  inference::Passage passage;
  passage.chunk_id = archive.add(document, document, {{"", text}}).chunks.front().id;
  passage.document_id = document;
  return passage;
}

}  // namespace

TEST_CASE("fit: the threshold refuses no more than was allowed, and finds the rest") {
  const auto samples = overlapping();
  for (const double refused : {0.0, 0.05, 0.2}) {
    CAPTURE(refused);
    const auto model = value_or_throw(fit_answerability(samples, "hash", {.refused = refused}));
    int wrong = 0, found = 0;
    for (const EvidenceSample& sample : samples) {
      if (decide(model, sample.evidence).covered) continue;
      ++(sample.answerable ? wrong : found);
    }
    CHECK(wrong <= static_cast<int>(refused * 100));
    CHECK(found >= 88);
    CHECK(model.index_model == "hash");
    CHECK(model.answerable == 100);
    CHECK(model.measured.at("area_under_roc") > 0.98);
    CHECK(model.measured.at("refused") < refused + 0.05);
  }
  CHECK(to_json(value_or_throw(fit_answerability(samples, "hash"))) ==
        to_json(value_or_throw(fit_answerability(samples, "hash"))));
}

TEST_CASE("fit: too few questions are said, not fitted") {
  auto samples = overlapping();
  samples.resize(30);
  const auto model = fit_answerability(samples, "hash");
  REQUIRE_FALSE(model);
  CHECK(model.error().kind == ErrorKind::usage);
}

TEST_CASE("samples: a question with its passage, and without the document that answers it") {
  IndexForTest archive;
  const std::vector<inference::Passage> found = {found_passage(archive, "a", "The kernel schedules processes."),
                                                 found_passage(archive, "b", "A kernel module is loaded.")};
  SyntheticQuery query;
  query.text = "kernel schedules processes";
  query.document_id = "a";
  query.relevant = {found[0].chunk_id};
  const auto samples = samples_of(archive.index(), query, found, 3);
  REQUIRE(samples.size() == 2);
  CHECK(samples[0].answerable);
  CHECK(samples[0].evidence.coverage == doctest::Approx(1));
  CHECK_FALSE(samples[1].answerable);
  CHECK(samples[1].evidence.candidates == 1);
  CHECK(samples[1].evidence.coverage < 0.9);
  CHECK(samples[1].fold == 3);

  query.relevant = {"a9"};  // it was not found: that question says nothing of what is answered
  CHECK(samples_of(archive.index(), query, found, 3).size() == 1);
  query.text = "kernel";  // which another document says as well
  CHECK(samples_of(archive.index(), query, found, 3).empty());
}

TEST_CASE("questions from elsewhere: of the languages of the index, and none that it may answer") {
  IndexForTest archive;
  stores::IndexFacets facets;
  const auto english = value_or_throw(questions_from_elsewhere(facets));
  CHECK(english.size() >= 20);
  facets.languages = {"ko"};
  const auto korean = value_or_throw(questions_from_elsewhere(facets));
  CHECK(korean.size() >= 20);
  CHECK(korean != english);
  facets.languages = {"en", "ko"};
  CHECK(value_or_throw(questions_from_elsewhere(facets)).size() == english.size() + korean.size());
  const std::vector<inference::Passage> cooking = {
      found_passage(archive, "c", "You keep a sourdough starter alive by feeding it.")};
  CHECK(sample_from_elsewhere(archive.index(), "How do I keep a sourdough starter alive?", cooking, 0).empty());
  CHECK(sample_from_elsewhere(archive.index(), "Which vaccines does a puppy need?", cooking, 0).size() == 1);
}
