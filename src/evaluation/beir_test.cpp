#include "evaluation/beir.h"

#include <doctest/doctest.h>

#include <fstream>

#include "core/files.h"

using namespace twin;
using namespace twin::evaluation;

namespace {

struct Folder {
  TempFolder folder;
  std::vector<std::string> problems;  // file name and line, then the message

  void write(const std::string& name, const std::string& text) const {
    const auto path = folder.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  BeirProblem sink() {
    return [this](const Error& error) {
      problems.push_back(error.where.substr(folder.path().string().size() + 1) + " " + error.message);
    };
  }
  std::vector<BeirDocument> documents() {
    std::vector<BeirDocument> all;
    value_or_throw(each_beir_document(
        folder.path(),
        [&](BeirDocument&& document) {
          all.push_back(std::move(document));
          return true;
        },
        sink()));
    return all;
  }
  bool complained(const std::string& start) const {
    return std::any_of(problems.begin(), problems.end(), [&](const auto& p) { return p.starts_with(start); });
  }
};

}  // namespace

TEST_CASE("BEIR: documents in order; a broken line is named and the rest is read") {
  Folder f;
  f.write("corpus.jsonl",
          "\xEF\xBB\xBF{\"_id\": \"d1\", \"title\": \"제목\", \"text\": \"본문\"}\r\n"
          "\n"
          "{\"_id\": \"d2\", \"text\": \n"
          "{\"_id\": 3, \"title\": null, \"text\": \"number as id\"}\n"
          "{\"text\": \"no id\"}\n"
          "{\"_id\": \"d1\", \"text\": \"again\"}\n"
          "{\"_id\": \"d5\", \"text\": \" \"}\n"
          "{\"_id\": \"d6\", \"text\": [1]}\n"
          "{\"_id\": \"d7\", \"text\": \"bad \xFF byte\"}\n"
          "{\"_id\": \"d8\", \"text\": \"last\", \"metadata\": {}}");
  const auto documents = f.documents();
  REQUIRE(documents.size() == 3);
  CHECK(documents[0].id == "d1");
  CHECK(documents[0].title == "제목");
  CHECK(documents[0].text == "본문");
  CHECK(documents[1].id == "3");
  CHECK(documents[1].title.empty());
  CHECK(documents[2].id == "d8");
  CHECK(f.problems.size() == 6);
  for (const char* where : {"corpus.jsonl:3 ", "corpus.jsonl:5 ", "corpus.jsonl:6 ", "corpus.jsonl:7 ",
                            "corpus.jsonl:8 ", "corpus.jsonl:9 "}) {
    CHECK_MESSAGE(f.complained(where), where);
  }
}

TEST_CASE("BEIR: judged queries only, with their grades") {
  Folder f;
  f.write("queries.jsonl",
          "{\"_id\": \"q2\", \"text\": \"second\"}\n{\"_id\": \"q1\", \"text\": \"first\"}\n"
          "{\"_id\": \"unjudged\", \"text\": \"third\"}\n{\"_id\": \"q4\", \"text\": \"\"}\n");
  f.write("qrels/test.tsv",
          "query-id\tcorpus-id\tscore\r\nq1\td1\t1\r\nq1\td2\t0\nq2\td2\t2\nq2 d3 1\nq2\td4\t1.5\nlost\td1\t1\n"
          "q4\td1\t1\n");
  const auto queries = read_beir_queries(f.folder.path(), "test", f.sink());
  REQUIRE(queries);
  REQUIRE(queries->size() == 2);
  CHECK((*queries)[0].id == "q2");
  CHECK((*queries)[0].judged == Judgements{{"d2", 2}});
  CHECK((*queries)[1].judged == Judgements{{"d1", 1}, {"d2", 0}});
  CHECK(f.problems.size() == 4);
  for (const char* where : {"qrels/test.tsv:5 ", "qrels/test.tsv:6 ", "qrels/test.tsv:7 ", "queries.jsonl:4 "}) {
    CHECK_MESSAGE(f.complained(where), where);
  }
}

TEST_CASE("BEIR: a file without a header loses no judgement") {
  Folder f;
  f.write("queries.jsonl", "{\"_id\": \"q\", \"text\": \"?\"}\n");
  f.write("qrels/dev.tsv", "q\td1\t1\nq\td2\t1\n");
  const auto queries = read_beir_queries(f.folder.path(), "dev", f.sink());
  REQUIRE(queries);
  CHECK(queries->front().judged.size() == 2);
  CHECK(f.problems.empty());
}

TEST_CASE("BEIR: what cannot be read at all says which file, and what belongs there") {
  Folder f;
  const auto missing = each_beir_document(
      f.folder.path(), [](auto&&) { return true; }, f.sink());
  REQUIRE_FALSE(missing);
  CHECK(missing.error().where.ends_with("corpus.jsonl"));
  CHECK(read_beir_queries(f.folder.path(), "test", f.sink()).error().where.ends_with("test.tsv"));
  f.write("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq\td\t1\n");
  CHECK(read_beir_queries(f.folder.path(), "test", f.sink()).error().where.ends_with("queries.jsonl"));
  f.write("queries.jsonl", "{\"_id\": \"other\", \"text\": \"?\"}\n");
  const auto unmatched = read_beir_queries(f.folder.path(), "test", f.sink());
  REQUIRE_FALSE(unmatched);
  CHECK(unmatched.error().kind == ErrorKind::invalid);
}

TEST_CASE("BEIR: what sets made by Twin say beside it, and what others mean by the same names") {
  Folder f;
  f.write(
      "queries.jsonl",
      R"({"_id": "q1", "text": "one", "kind": "phrase", "document": "d1", "start": 3, "end": 9, "negatives": ["d2"]})"
      "\n"
      R"({"_id": "q2", "text": "two", "kind": 7, "document": "d1", "start": -3, "end": 9, "negatives": "d2"})"
      "\n"
      R"({"_id": "q3", "text": "three", "kind": "unanswerable"})"
      "\n"
      R"({"_id": "q4", "text": "four", "document": "d1", "start": 9, "end": 9, "negatives": [1, "d3"]})"
      "\n");
  f.write("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td1\t1\nq4\td1\t1\n");
  const auto queries = read_beir_queries(f.folder.path(), "test", f.sink());
  REQUIRE(queries);
  REQUIRE(queries->size() == 4);
  CHECK((*queries)[0].kind == "phrase");
  CHECK((*queries)[0].document_id == "d1");
  CHECK((*queries)[0].end == 9);
  CHECK((*queries)[0].negatives == std::vector<std::string>{"d2"});
  CHECK((*queries)[1].kind.empty());
  CHECK((*queries)[1].document_id.empty());
  CHECK((*queries)[1].negatives.empty());
  CHECK((*queries)[2].judged.empty());
  CHECK((*queries)[3].document_id.empty());
  CHECK((*queries)[3].negatives == std::vector<std::string>{"d3"});
  CHECK(f.problems.empty());
  // Queries that nothing answers are no test set alone.
  f.write("qrels/test.tsv", "query-id\tcorpus-id\tscore\n");
  CHECK_FALSE(read_beir_queries(f.folder.path(), "test", f.sink()));
}
