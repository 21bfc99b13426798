#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "core/files.h"
#include "stores/parquet/rows.h"

using namespace twin;
namespace parquet = twin::stores::parquet;

namespace {

std::string document(int number, const std::string& extra = {}) {
  const std::string n = std::to_string(number);
  return R"({"type":"document","id":"doc_)" + n + R"(","url":"https://x/글/)" + n +
         R"(","source":"feed","category":"posts","author_ids":["user_a","user_b"],"title":"제목 \" )" + n +
         R"(","body":"# 본문\n\n)" + std::string(static_cast<std::size_t>(number % 50), 'x') + extra +
         R"(","raw_sha256":"ab","raw_type":"text/html","language":"ko","published":-1,"fetched":1700000000123,)" +
         R"("content_hash":"cd","version":)" + std::to_string(number % 5 + 1) +
         R"(,"deleted":false,"deleted_at":0,"metadata":{"a.b":"1","$c":"","태그":"값"}})";
}

std::string round_trip(const std::string& lines, const parquet::WriteOptions& options = {}) {
  const TempFolder folder;
  const auto file = folder.path() / "a.parquet";
  std::istringstream in(lines);
  parquet::write(in, file, options);
  std::ostringstream out;
  parquet::read(file, out);
  return out.str();
}

std::string failure(const std::string& lines) {
  const TempFolder folder;
  std::istringstream in(lines);
  try {
    parquet::write(in, folder.path() / "a.parquet");
  } catch (const std::exception& error) {
    CHECK_MESSAGE(disk().list(folder.path()).value().empty(), "nothing is left behind");
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("parquet: the same bytes come back, over many row groups") {
  std::string lines = R"({"type":"user","id":"user_a","name":"김지수","aliases":["jisu@example.org","지수"]})"
                      "\n"
                      R"({"type":"user","id":"user_b","name":"Mina","aliases":[]})"
                      "\n";
  for (int i = 0; i < 1'000; ++i) lines += document(i) + "\n";
  CHECK(round_trip(lines) == lines);
  CHECK(round_trip(lines, {.group_rows = 7}) == lines);
  CHECK(round_trip(lines, {.group_bytes = 1}) == lines);
}

TEST_CASE("parquet: odd values") {
  std::string lines = document(1);
  lines.replace(lines.find("\"published\":-1"), 14, "\"published\":0");
  lines.replace(lines.find("\"title\":"), 8, "\"title\":\"\",\"title\":");  // the last of a key counts
  lines += "\n";
  const std::string back = round_trip(lines);
  CHECK(back.find("\"published\":0") != std::string::npos);
  const std::string nul = document(2, R"(nul \u0000 tab\t \uD83D\uDC27)") + "\n";
  CHECK(round_trip(round_trip(nul)) == round_trip(nul));
  CHECK(round_trip(nul).find("\\u0000") != std::string::npos);
  CHECK(round_trip("").empty());
  CHECK(round_trip("\n\n").empty());
}

TEST_CASE("parquet: a line that is wrong is named, and no file appears") {
  CHECK(failure(document(1) + "\n{\n").find("line 2") != std::string::npos);
  CHECK(failure("[1]\n").find("line 1") != std::string::npos);
  CHECK(failure(R"({"type":"document","colour":"red"})").find("colour") != std::string::npos);
  CHECK(failure(R"({"type":"document","title":7})").find("title") != std::string::npos);
  CHECK(failure(R"({"type":"document","published":"now"})").find("published") != std::string::npos);
  CHECK(failure(R"({"type":"document","version":99999999999})").find("version") != std::string::npos);
  CHECK(failure(R"({"type":"document","author_ids":["a",1]})").find("author_ids") != std::string::npos);
  CHECK(failure(R"({"type":"document","metadata":{"a":1}})").find("metadata") != std::string::npos);
}

TEST_CASE("parquet: a damaged file is an error, not a crash") {
  const TempFolder folder;
  const auto file = folder.path() / "a.parquet";
  std::string lines;
  for (int i = 0; i < 200; ++i) lines += document(i) + "\n";
  std::istringstream in(lines);
  parquet::write(in, file, {.group_rows = 50});
  const std::string good = disk().read(file).value();
  std::ostringstream out;
  for (const std::size_t kept : {std::size_t{0}, std::size_t{4}, good.size() / 2, good.size() - 1}) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << good.substr(0, kept);
    CHECK_THROWS_AS(parquet::read(file, out), std::exception);
  }
  CHECK_THROWS_AS(parquet::read(folder.path() / "none", out), std::exception);
}
