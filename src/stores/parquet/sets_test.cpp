#include "stores/parquet/sets.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "core/files.h"

using namespace twin;
namespace parquet = twin::stores::parquet;

namespace {

std::string there_and_back(const std::string& lines, const parquet::WriteOptions& options = {}) {
  const TempFolder folder;
  const auto file = folder.path() / "set.parquet";
  std::istringstream in(lines);
  parquet::write_set(in, file, options);
  CHECK_MESSAGE(disk().list(folder.path()).value().size() == 1, "nothing else is left in the folder");
  std::ostringstream out;
  parquet::read_set(file, out);
  return out.str();
}

std::string set_failure(const std::string& lines) {
  const TempFolder folder;
  std::istringstream in(lines);
  try {
    parquet::write_set(in, folder.path() / "set.parquet");
  } catch (const std::exception& error) {
    CHECK_MESSAGE(disk().list(folder.path()).value().empty(), "nothing is left behind");
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("parquet sets: what training sets hold comes back, over many row groups") {
  std::string lines;
  for (int i = 0; i < 100; ++i) {
    const std::string n = std::to_string(i);
    lines += R"({"messages":[{"role":"user","content":"질문 )" + n +
             R"("},{"role":"assistant","content":"답\n\"😀\""}],)" + R"("metadata":{"id":"s)" + n + R"(","start":)" + n +
             R"(,"seed":-7,"ok":true,"scores":[{"name":"fit","value":0.5}],)" + R"("passages":[]}})" + "\n";
  }
  CHECK(there_and_back(lines, {.group_rows = 7}) == lines);
  const std::string pairs =
      R"({"prompt":[{"role":"user","content":"q"}],"chosen":[{"role":"assistant","content":"a"}],"rejected":[{"role":"assistant","content":"b"}]})"
      "\n";
  CHECK(there_and_back(pairs) == pairs);
}

TEST_CASE("parquet sets: keys that only some lines have") {
  CHECK(there_and_back("{\"text\":\"a\"}\n\n{\"text\":\"b\",\"label\":1}\n{\"label\":2.5}\n") ==
        "{\"text\":\"a\"}\n{\"text\":\"b\",\"label\":1.0}\n{\"label\":2.5}\n");
  CHECK(there_and_back("{\"m\":[{\"a\":1},{\"b\":\"x\"}],\"n\":null}\n") == "{\"m\":[{\"a\":1},{\"b\":\"x\"}]}\n");
}

TEST_CASE("parquet sets: a column holds one kind") {
  CHECK(set_failure("{\"a\":{\"b\":1}}\n{\"a\":{\"b\":\"x\"}}\n").find("line 2: \"a.b\"") != std::string::npos);
  CHECK(set_failure("{\"a\":[1]}\n{\"a\":1}\n").find("line 2") != std::string::npos);
  CHECK(set_failure("{\"a\":1}\n{\n").find("line 2") != std::string::npos);
  CHECK(set_failure("[1]\n").find("line 1") != std::string::npos);
  CHECK_FALSE(set_failure("\n").empty());
}

TEST_CASE("parquet sets: a damaged file is an error, not a crash") {
  const TempFolder folder;
  const auto file = folder.path() / "set.parquet";
  std::istringstream in("{\"messages\":[{\"role\":\"user\",\"content\":\"q\"}]}\n");
  parquet::write_set(in, file);
  const std::string good = disk().read(file).value();
  for (std::size_t kept = 0; kept < good.size(); kept += 13) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << good.substr(0, kept);
    std::ostringstream out;
    CHECK_THROWS_AS(parquet::read_set(file, out), std::exception);
  }
}
