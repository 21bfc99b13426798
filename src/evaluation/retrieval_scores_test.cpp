#include "evaluation/retrieval_scores.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/files.h"

using namespace twin;
using namespace twin::evaluation;

namespace {

BeirQuery asked(const std::string& id, const std::string& kind, Judgements judged) {
  return {
      .id = id, .text = "text of " + id, .judged = std::move(judged), .kind = kind, .document_id = {}, .negatives = {}};
}

BeirRanking ranked(std::vector<std::string> documents) {
  BeirRanking ranking;
  ranking.documents = std::move(documents);
  return ranking;
}

/// `better` of 40 queries on as many documents get the answer first, the others second.
ScoreFile run_with(int better) {
  ScoreFile file{"set", {{"mode", "lexical"}}, {}};
  for (int i = 0; i < 40; ++i) {
    const std::string id = "d" + std::to_string(i);
    const auto query = asked("q" + std::to_string(i), i % 2 == 0 ? "even" : "odd", {{id, 1}});
    file.scores.push_back(score_query(query, i < better ? ranked({id, "x"}) : ranked({"x", id})));
  }
  return file;
}

}  // namespace

TEST_CASE("scores of a query: by document, by passage, by negatives") {
  BeirQuery query = asked("q", "", {{"a", 1}, {"b", 1}, {"c", 0}});
  auto scores = score_query(query, ranked({"x", "a", "y", "b"}));
  CHECK(scores.document == "a");
  CHECK(scores.values.at("recall@1") == 0);
  CHECK(scores.values.at("recall@5") == 1);
  CHECK(scores.values.at("mrr@10") == doctest::Approx(0.5));
  CHECK(scores.values.at("coverage") == 1);
  CHECK_FALSE(scores.values.contains("passage_recall@5"));
  CHECK_FALSE(scores.values.contains("negative_first"));

  query.negatives = {"y"};
  CHECK(score_query(query, ranked({"x", "a", "y"})).values.at("negative_first") == 0);
  CHECK(score_query(query, ranked({"y", "a"})).values.at("negative_first") == 1);
  query.document_id = "a";
  query.end = 5;
  BeirRanking ranking = ranked({"a"});
  CHECK(score_query(query, ranking).values.at("passage_recall@5") == 0);
  ranking.passage_rank = 5;
  CHECK(score_query(query, ranking).values.at("passage_recall@5") == 1);
  ranking.passage_rank = 6;
  CHECK(score_query(query, ranking).values.at("passage_recall@5") == 0);

  // Found, but below all depths of the other measures.
  std::vector<std::string> deep(20, "x");
  deep.emplace_back("b");
  scores = score_query(query, ranked(deep));
  CHECK(scores.values.at("coverage") == 1);
  CHECK(scores.values.at("recall@10") == 0);
  CHECK(score_query(query, ranked({})).values.at("coverage") == 0);
}

TEST_CASE("summary: means with intervals, over all and by kind") {
  const auto summary = summarize(run_with(20).scores);
  const Estimate& first = summary.all.at("recall@1");
  CHECK(first.mean == doctest::Approx(0.5));
  CHECK(first.low < 0.5);
  CHECK(first.high > 0.5);
  CHECK(summary.kinds.at("even").at("recall@1").n == 20);
  CHECK(summary.kinds.at("odd").at("recall@1").mean == doctest::Approx(0.5));
  CHECK(summarize({}).all.empty());
}

TEST_CASE("two runs: the difference, its interval and how likely it is by chance") {
  const auto clear = compare(run_with(5), run_with(30));
  CHECK(clear.paired == 40);
  CHECK(clear.same_set);
  CHECK(clear.settings.at("mode") == "lexical");
  const PairedDifference& first = clear.all.at("recall@1");
  CHECK(first.difference.mean == doctest::Approx(25.0 / 40));
  CHECK(first.difference.low > 0);
  CHECK(first.p < 0.01);
  CHECK(clear.kinds.at("odd").difference.mean > 0);
  // The other way round is the same difference, below zero.
  const auto back = compare(run_with(30), run_with(5));
  CHECK(back.all.at("recall@1").difference.mean == doctest::Approx(-25.0 / 40));
  CHECK(back.all.at("recall@1").p == doctest::Approx(first.p));

  const auto same = compare(run_with(7), run_with(7));
  CHECK(same.all.at("ndcg@10").difference.mean == 0);
  CHECK(same.all.at("ndcg@10").p == 1);
  CHECK(compare(run_with(20), run_with(21)).all.at("recall@1").p > 0.3);

  ScoreFile other = run_with(3);
  other.set = "another";
  for (std::size_t i = 0; i < 30; ++i) other.scores[i].query_id += "x";
  const auto partly = compare(other, run_with(3));
  CHECK(partly.paired == 10);
  CHECK_FALSE(partly.same_set);
}

TEST_CASE("scores are kept in a file and read again") {
  const TempFolder folder;
  const auto path = folder.path() / "scores.json";
  const ScoreFile file = run_with(11);
  REQUIRE(disk().write(path, to_json_text(file)));
  const auto read = read_scores(path);
  REQUIRE(read);
  CHECK(to_json_text(*read) == to_json_text(file));
  CHECK(compare(*read, file).all.at("ndcg@10").p == 1);

  CHECK(read_scores(folder.path() / "none").error().kind == ErrorKind::not_found);
  for (const char* broken : {"", "[]", "{\"version\": 1}", "{\"version\": 99, \"set\": \"\"}", "{\"version\": \"1\"}",
                             "{\"version\": 1, \"set\": \"s\", \"settings\": {}, \"queries\": [{}]}"}) {
    std::ofstream(path, std::ios::trunc) << broken;
    CHECK_MESSAGE(read_scores(path).error().kind == ErrorKind::invalid, broken);
  }
}

TEST_CASE("the digest of a set tells texts and judgements apart") {
  const std::vector<BeirQuery> set = {asked("q", "", {{"a", 1}})};
  auto changed = set;
  changed[0].text += "!";
  CHECK(digest_of(set) != digest_of(changed));
  changed = set;
  changed[0].judged["b"] = 1;
  CHECK(digest_of(set) != digest_of(changed));
  changed = set;
  changed[0].kind = "phrase";  // says nothing about what is measured
  CHECK(digest_of(set) == digest_of(changed));
}
