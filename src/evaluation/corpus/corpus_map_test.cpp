#include "evaluation/corpus/corpus_map.h"

#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "evaluation/corpus/group_names.h"
#include "evaluation/index_for_test.h"

using namespace twin;
using namespace twin::evaluation;

namespace {

/// Bread, trains and the library, twelve documents each; titles that try to be markup.
void fill_map(IndexForTest& s) {
  for (int i = 0; i < 12; ++i) {
    const std::string n = std::to_string(i);
    s.add("doc_a" + n, "Bread </script><script>alert(" + n + ")</script>",
          {{"", "Sourdough bread rests in the oven. Bread and flour, number " + n}, {"", "Bread again."}}, 0);
    s.add("doc_b" + n, "Train " + n, {{"", "The train leaves the platform. A train to Busan, number " + n}}, 4);
    s.add("doc_c" + n, "도서관 " + n, {{"", "국회도서관은 자료를 수집한다. 국회도서관의 자료와 법률 " + n}}, 8);
  }
}

CorpusMap map_of(IndexForTest& s, const MapConfig& config = {}, bool passages = false) {
  return make_map(config, s.index(), passages, silent_progress(), {});
}

}  // namespace

TEST_CASE("names of groups: words that they have and the others lack") {
  std::vector<GroupWords> groups(2);
  for (int i = 0; i < 10; ++i) {
    groups[0].add("bread", i < 8 ? "breads" : "bread");
    groups[1].add("train", "train");
    for (GroupWords& group : groups) group.add("day", "day");
  }
  groups[0].add("oven", "oven");
  groups[0].add("oven", "oven");
  groups[0].add("once", "once");
  const auto names = group_names(groups, 2);
  CHECK(names[0] == std::vector<std::string>{"breads", "day"});
  CHECK(names[1] == std::vector<std::string>{"train", "day"});
  CHECK(group_names(groups, 3)[0] == std::vector<std::string>{"breads", "day", "oven"});
  CHECK(group_names({}, 2).empty());
  CHECK(group_names({{}}, 2)[0].empty());
}

TEST_CASE("map: a point a document, groups by topic, named in their language") {
  IndexForTest s;
  fill_map(s);
  const CorpusMap map = map_of(s);
  CHECK(map.all == 36);
  REQUIRE(map.points.size() == 36);
  CHECK_FALSE(map.is_sample());
  REQUIRE(map.groups.size() == 3);
  std::set<std::string> first;
  for (const MapGroup& group : map.groups) {
    CHECK(group.points == 12);
    first.insert(group.words.front());
  }
  CHECK(first == std::set<std::string>{"bread", "train", "국회도서관"});
  for (const MapPoint& point : map.points) {
    CHECK(map.groups[static_cast<std::size_t>(point.group)].words.front() == (point.document_id[4] == 'a' ? "bread"
                                                                              : point.document_id[4] == 'b'
                                                                                  ? "train"
                                                                                  : "국회도서관"));
    CHECK(std::abs(point.x) <= 1.000001);
    CHECK(std::abs(point.y) <= 1.000001);
  }
  CHECK(to_json(map_of(s)).dump() == to_json(map).dump());
}

TEST_CASE("map: passages, samples and an empty index") {
  IndexForTest s;
  fill_map(s);
  MapConfig config;
  const CorpusMap passages = map_of(s, config, true);
  CHECK(passages.all == 48);
  CHECK(passages.points.size() == 48);
  CHECK(passages.points.front().chunk_id.starts_with("chunk_"));
  config.max_points = 10;
  const CorpusMap sample = map_of(s, config);
  CHECK(sample.points.size() == 10);
  CHECK(sample.is_sample());
  CHECK(to_json(map_of(s, config)).dump() == to_json(sample).dump());
  // Another document more, and most of the sample stays: points are drawn by their own hash.
  s.add("doc_z", "One more", {{"", "Something else entirely."}}, 12);
  std::set<std::string> before, after;
  for (const MapPoint& point : sample.points) before.insert(point.document_id);
  for (const MapPoint& point : map_of(s, config).points) after.insert(point.document_id);
  std::vector<std::string> kept;
  std::set_intersection(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(kept));
  CHECK(kept.size() >= 9);

  IndexForTest empty;
  CHECK_THROWS_AS(map_of(empty), Fatal);
  IndexForTest one;
  one.add("doc_1", "Alone", {{"", "The only one."}});
  const CorpusMap single = map_of(one);
  CHECK(single.points.size() == 1);
  CHECK(single.groups.size() == 1);
  CHECK(to_svg(single).find("<circle") != std::string::npos);
}

TEST_CASE("map: picture and page fetch nothing and take no markup from documents") {
  IndexForTest s;
  fill_map(s);
  const CorpusMap map = map_of(s);
  const std::string svg = to_svg(map), page = to_html(map);
  CHECK(svg.starts_with("<svg "));
  CHECK(svg.find("국회도서관") != std::string::npos);
  for (const std::string& text : {svg, page}) {
    CHECK(text.find("<script>alert") == std::string::npos);
    CHECK(text.find(" src=") == std::string::npos);
    CHECK(text.find("@import") == std::string::npos);
  }
  std::size_t circles = 0;
  for (std::size_t at = 0; (at = page.find("<circle ", at)) != std::string::npos; ++at) ++circles;
  CHECK(circles == 36);
  const std::string start = "id=\"data\">";
  const std::size_t from = page.find(start) + start.size();
  const std::string data = page.substr(from, page.find("</script>", from) - from);
  CHECK(data.find('<') == std::string::npos);
  const Json json = Json::parse(data);
  CHECK(json.at("points").size() == 36);
  CHECK(json.at("points")[0].at("title") == map.points[0].title);
}
