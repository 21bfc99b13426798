#include "evaluation/beir_run.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "evaluation/index_for_test.h"
#include "evaluation/token_estimate.h"

using namespace twin;
using namespace twin::evaluation;

namespace {

struct Setting {
  TempFolder folder;
  WordsOnly words;
  stores::Index* ready = nullptr;

  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((folder.path() / name).parent_path());
    std::ofstream(folder.path() / name, std::ios::binary) << text;
  }
  BeirReport run() {
    feature::Category category;
    category.id = "articles";
    inference::RetrievalConfig retrieval;
    retrieval.dense_weight = 0;
    const stores::IndexConfig index;
    const feature::EmbedConfig embed;
    return run_beir({.folder = folder.path(),
                     .split = "test",
                     .work = folder.path() / "work",
                     .category = category,
                     .retrieval = retrieval,
                     .index = index,
                     .embed = embed,
                     .embedder = words,
                     .tokenizer = words,
                     .progress = silent_progress(),
                     .stop = {},
                     .ready = ready});
  }
};

}  // namespace

TEST_CASE("BEIR run: documents are found by their best passage, and measured as judged") {
  Setting s;
  std::string filler;
  for (int i = 0; i < 400; ++i) filler += "Unrelated words about gardening and trains. ";
  s.write("corpus.jsonl", R"({"_id": "a", "title": "", "text": "* 국회도서관은 # 자료를 <b>수집</b>한다"})"
                          "\n"
                          R"({"_id": "b", "title": "Sourdough", "text": "Bread rests overnight."})"
                          "\n"
                          R"({"_id": "c", "title": "Long", "text": ")" +
                              filler +
                              R"(The sourdough is at the end of it."})"
                              "\n"
                              R"({"_id": "q1", "title": "", "text": "sourdough sourdough sourdough"})"
                              "\n"
                              R"({"_id": "e", "title": "Title alone", "text": ""})"
                              "\nbroken\n");
  s.write("queries.jsonl",
          "{\"_id\": \"q1\", \"text\": \"sourdough\"}\n{\"_id\": \"q2\", \"text\": \"국회도서관\"}\n"
          "{\"_id\": \"q3\", \"text\": \"title alone\"}\n{\"_id\": \"q4\", \"text\": \"left out\"}\n");
  s.write("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\tb\t2\nq1\tc\t1\nq1\tq1\t9\nq2\ta\t1\nq3\te\t1\n");
  const BeirReport report = s.run();
  CHECK(report.queries == 3);
  CHECK(report.documents == 5);
  CHECK(report.chunks > 5);
  CHECK(report.problems.size() == 1);
  REQUIRE(report.rankings.size() == 3);
  // The document of the query's own id is left out of the ranking, as BEIR does, though it is judged here.
  CHECK(std::vector<std::string>(report.rankings[0].documents) == std::vector<std::string>{"b", "c"});
  CHECK(report.rankings[1].documents.front() == "a");
  CHECK(report.rankings[2].documents.front() == "e");
  CHECK(report.mean("mrr@10") == doctest::Approx(1));
  CHECK(report.mean("recall@5") == doctest::Approx((2.0 / 3 + 1 + 1) / 3));
  const Json json = to_json(report);
  for (const char* key : {"ndcg@10", "recall@5", "recall@10", "mrr@10", "index_seconds"}) {
    CHECK_MESSAGE(json.at(key).is_number_float(), key);
  }
  CHECK(json.at("query_ms").at("p99").get<double>() >= json.at("query_ms").at("p50").get<double>());
  CHECK(trec_run(report, "t").starts_with("q1 Q0 b 1 "));
}

TEST_CASE("BEIR run: another corpus in the same folder leaves nothing of the first") {
  Setting s;
  s.write("corpus.jsonl",
          "{\"_id\": \"old\", \"text\": \"apples\"}\n{\"_id\": \"kept\", \"text\": \"apples, pears\"}\n");
  s.write("queries.jsonl", "{\"_id\": \"q\", \"text\": \"apples\"}\n");
  s.write("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq\tkept\t1\n");
  CHECK(s.run().documents == 2);
  s.write("corpus.jsonl", "{\"_id\": \"kept\", \"text\": \"apples, pears\"}\n");
  const BeirReport report = s.run();
  CHECK(report.documents == 1);
  CHECK(report.rankings[0].documents == std::vector<std::string>{"kept"});
  s.write("corpus.jsonl", "no documents\n");
  CHECK_THROWS_AS(s.run(), Fatal);
}

TEST_CASE("token estimate: words of any writing") {
  CHECK(estimated_tokens("") == 0);
  CHECK(estimated_tokens("a bread overnight") == 1 + 2 + 3);
  CHECK(estimated_tokens("국회도서관은 책") == 3 + 1);
}

TEST_CASE("BEIR run: a ready index is searched as it is, down to the passage") {
  Setting s;
  IndexForTest project;
  project.add("doc_a", "Bread", {{"", "Sourdough rests overnight."}, {"", "Rye makes the crumb dense."}});
  project.add("doc_b", "Trains", {{"", "The night train leaves at eleven."}});
  const std::string prose = project.index().document("doc_a")->prose;
  const std::size_t rye = prose.find("Rye");
  s.write("queries.jsonl",
          R"({"_id": "q1", "text": "rye crumb", "kind": "keywords", "document": "doc_a", "start": )" +
              std::to_string(rye) + R"(, "end": )" + std::to_string(rye + 26) +
              R"(, "negatives": ["doc_b"]})"
              "\n"
              R"({"_id": "q2", "text": "sourdough", "kind": "keywords", "document": "doc_a", "start": )" +
              std::to_string(rye) + R"(, "end": )" + std::to_string(rye + 26) +
              "}\n"
              R"({"_id": "q3", "text": "gone", "kind": "question"})"
              "\n"
              R"({"_id": "q4", "text": "volcano telescope", "kind": "unanswerable"})"
              "\n");
  s.write("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\tdoc_a\t1\nq2\tdoc_a\t1\nq3\tdoc_gone\t1\n");
  s.ready = &project.index();
  const BeirReport report = s.run();
  CHECK(report.documents == 2);
  CHECK(report.chunks == 3);
  CHECK(report.queries == 3);
  CHECK(report.rankings.size() == 4);
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].text().find("doc_gone") != std::string::npos);
  CHECK(report.mean("recall@1") == doctest::Approx(2.0 / 3));
  CHECK(report.scores[0].values.at("passage_recall@5") == 1);
  CHECK(report.scores[1].values.at("passage_recall@5") == 0);  // its document, but another passage
  CHECK(report.scores[0].values.at("negative_first") == 0);
  CHECK(report.summary.kinds.at("keywords").at("ndcg@10").mean == 1);
  CHECK(report.unanswerable == 1);
  // "gone" finds nothing, too: a tie, half a pair.
  CHECK(report.tells_unanswerable.at("lexical") == doctest::Approx(2.5 / 3));
  CHECK_FALSE(report.tells_unanswerable.contains("dense"));
  const Json json = to_json(report);
  CHECK(json.at("kinds").at("keywords").at("recall@1").at("n") == 2);
  CHECK(json.at("unanswerable").at("queries") == 1);
  CHECK(json.at("query_ms").contains("p90"));
  CHECK(json.at("recall@1").is_number_float());
  CHECK(json.at("coverage").is_number_float());

  IndexForTest empty;
  s.ready = &empty.index();
  CHECK_THROWS_AS(s.run(), Fatal);
}
