#include "evaluation/beir_run.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "evaluation/token_estimate.h"

using namespace twin;
using namespace twin::evaluation;

namespace {

struct Setting {
  TempFolder folder;
  WordsOnly words;

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
                     .stop = {}});
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
  CHECK(report.mrr10 == doctest::Approx(1));
  CHECK(report.recall5 == doctest::Approx((2.0 / 3 + 1 + 1) / 3));
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
