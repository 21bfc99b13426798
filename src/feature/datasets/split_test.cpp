#include "feature/datasets/split.h"

#include <doctest/doctest.h>

#include <map>

namespace twin::feature {
namespace {

stores::Document at(const std::string& url, const std::string& source_location = {}) {
  stores::Document document;
  document.url = url;
  document.id = stores::document_id(url);
  if (!source_location.empty()) document.metadata[stores::source_location_key] = source_location;
  return document;
}

std::string post(int number) {
  return "https://blog.example/" + std::to_string(number);
}

TEST_CASE("the split is by document and seed, near the shares asked for") {
  DatasetConfig config;
  std::map<std::string, int> counts;
  for (int i = 0; i < 4000; ++i) ++counts[split_of(at(post(i)), config)];
  CHECK(counts["test"] > 300);
  CHECK(counts["test"] < 500);
  CHECK(counts["validation"] > 130);
  CHECK(counts["validation"] < 270);
  config.seed = 18;
  int moved = 0;
  for (int i = 0; i < 4000; ++i) moved += split_of(at(post(i)), config) != split_of(at(post(i)), {}) ? 1 : 0;
  CHECK(moved > 400);
  config.test_share = config.validation_share = 0;
  CHECK(split_of(at(post(1)), config) == "train");
}

TEST_CASE("a folder that is moved keeps its split") {
  const DatasetConfig config;
  std::map<std::string, int> counts;
  int like_its_id = 0;
  for (int i = 0; i < 400; ++i) {
    const std::string name = "/%EA%B8%80/" + std::to_string(i) + ".md";
    const std::string here = split_of(at("file:///home/mina/my%20notes" + name, "/home/mina/my notes"), config);
    ++counts[here];
    CHECK(here == split_of(at("file:///srv/notes" + name, "/srv/notes"), config));
    like_its_id += here == split_of(at("file:///srv/notes" + name), config) ? 1 : 0;
  }
  CHECK(counts["test"] > 20);
  CHECK(counts["validation"] > 5);
  CHECK(like_its_id < 380);
}

TEST_CASE("a page is not a file of a folder, whatever its source is called") {
  const DatasetConfig config;
  for (int i = 0; i < 100; ++i) {
    CHECK(split_of(at(post(i), "https://blog.example"), config) == split_of(at(post(i)), config));
    CHECK(split_of(at(post(i), "/home/mina/export.zip"), config) == split_of(at(post(i)), config));
  }
}

}  // namespace
}  // namespace twin::feature
