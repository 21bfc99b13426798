#include "feature/dedup/duplicates.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/files.h"
#include "feature/datasets/project_for_test.h"

namespace twin::feature {
namespace {

using testing::text_about;

struct Place {
  TempFolder folder;
  std::unique_ptr<stores::Warehouse> warehouse = stores::open_warehouse(folder.path() / "warehouse");
  DuplicatesConfig config;
  std::vector<SourcePlace> sources = {{"feed", "https://medium.example/feed"}, {"folder", "/blog"}};
  std::stop_source stop;

  std::string put(const std::string& url, const std::string& body, UnixMillis published = 0,
                  const std::string& source = "folder", const std::string& location = "/blog") {
    stores::Document document;
    document.url = url;
    document.source = source;
    document.category = "articles";
    document.title = url;
    document.body = body;
    document.published = published;
    document.metadata["source_location"] = location;
    warehouse->upsert(document);
    return document.id;
  }
  DuplicatesReport find() {
    return find_duplicates(config, {*warehouse, sources, silent_progress(), stop.get_token()});
  }
};

const std::string korean_post =
    "오늘은 데이터 파이프라인을 처음부터 다시 만들었다. 원래는 스크립트 열두 개가 서로를 불렀는데, 하나가 실패하면 "
    "나머지가 어디까지 갔는지 알 수 없었다. 그래서 단계마다 입력과 출력을 기록하고, 바뀐 것만 다시 실행하게 했다. "
    "결과는 생각보다 좋았다. 하루에 두 번 돌리던 작업이 이제는 십 분이면 끝난다.";

TEST_CASE("the same post on two platforms: one stays, the other is linked to it") {
  Place place;
  const auto velog = place.put("https://velog.io/@mina/pipeline", "# 파이프라인\n\n" + korean_post, 1'700'000'000'000);
  const auto medium = place.put("https://medium.com/@mina/pipeline",
                                "**" + korean_post + "**\n\n*Originally published on [Velog](https://velog.io).*",
                                1'700'000'500'000, "feed", "https://medium.example/feed");
  place.put("https://velog.io/@mina/other", text_about("something else", 12), 1'600'000'000'000);
  const DuplicatesReport report = place.find();
  CHECK(report.documents == 3);
  CHECK(report.failures.empty());
  REQUIRE(report.duplicates.size() == 1);
  CHECK(report.duplicates[0].id == medium);
  CHECK(report.duplicates[0].original == velog);
  CHECK(report.duplicates[0].similarity >= 0.8);
  CHECK(report.duplicates[0].similarity < 1);
}

TEST_CASE("which one stays follows the rules in their order") {
  const std::string text = text_about("rules", 12);
  Place place;
  const auto id_of = [&](const char* name) { return stores::document_id(std::string("https://example.org/") + name); };
  place.put("https://example.org/late-long", text + " And one more sentence that is longer.", 2000);
  place.put("https://example.org/early", text, 1000);
  place.put("https://example.org/undated", text, 0, "feed", "https://medium.example/feed");
  const auto kept = [&](std::vector<std::string> prefer) {
    place.config.prefer = std::move(prefer);
    const auto report = place.find();
    REQUIRE(report.duplicates.size() == 2);
    CHECK(report.duplicates[0].original == report.duplicates[1].original);
    return report.duplicates[0].original;
  };
  CHECK(kept({"earliest", "longest", "source"}) == id_of("early"));
  CHECK(kept({"latest"}) == id_of("late-long"));
  CHECK(kept({"longest"}) == id_of("late-long"));
  CHECK(kept({"source"}) == id_of("undated"));
  CHECK(kept({}) == std::min({id_of("early"), id_of("late-long"), id_of("undated")}));
}

TEST_CASE("who is left out is similar to one that stays, however long the chain") {
  Place place;
  place.config.prefer = {"earliest"};
  // Each text shares 9 of 10 parts with the one before: neighbours are near, the ends of the chain are not.
  std::vector<std::string> parts;
  parts.reserve(30);
  for (int i = 0; i < 30; ++i) parts.push_back(text_about("part" + std::to_string(i), 1));
  for (int first = 0; first < 20; ++first) {
    std::string text;
    for (int i = first; i < first + 10; ++i) text += parts[static_cast<std::size_t>(i)] + "\n\n";
    place.put("https://example.org/" + std::to_string(first), text, 1000 + first);
  }
  const auto report = place.find();
  CHECK(report.duplicates.size() >= 8);
  CHECK(report.duplicates.size() < 19);
  for (const Duplicate& duplicate : report.duplicates) {
    CHECK(duplicate.similarity >= 0.8);
    const bool original_stays = std::none_of(report.duplicates.begin(), report.duplicates.end(),
                                             [&](const Duplicate& d) { return d.id == duplicate.original; });
    CHECK(original_stays);
  }
}

TEST_CASE("short documents and deleted ones are not compared, and it can be switched off") {
  Place place;
  place.put("https://example.org/a", "Hello.");
  place.put("https://example.org/b", "Hello.");
  const auto gone = place.put("https://example.org/c", korean_post);
  place.put("https://example.org/d", korean_post);
  place.warehouse->tombstone(gone, 5);
  auto report = place.find();
  CHECK(report.too_short == 2);
  CHECK(report.documents == 1);
  CHECK(report.duplicates.empty());
  place.config.min_characters = 5;
  CHECK(place.find().duplicates.size() == 1);
  place.config.enabled = false;
  CHECK(place.find().duplicates.empty());
}

TEST_CASE("a small cache changes nothing but the work") {
  Place place;
  for (int i = 0; i < 60; ++i) {
    const std::string text = text_about("topic" + std::to_string(i % 20), 300);
    place.put("https://example.org/" + std::to_string(i), text + std::to_string(i), 1000 + i);
  }
  const auto all = place.find().duplicates;
  CHECK(all.size() == 40);
  place.config.cache_megabytes = 1;
  CHECK(place.find().duplicates == all);
}

TEST_CASE("the file is read as it was written; a broken one says where") {
  const TempFolder folder;
  const auto file = folder.path() / "duplicates.jsonl";
  const std::vector<Duplicate> duplicates = {{"doc_a", "doc_b", 0.875}, {"doc_c", "doc_b", 1}};
  REQUIRE(disk().write(file, to_jsonl(duplicates)));
  CHECK(read_duplicates(file).value() == duplicates);
  CHECK(read_duplicates(folder.path() / "none").error().kind == ErrorKind::not_found);
  REQUIRE(disk().write(file, to_jsonl(duplicates) + "{\"id\":\"doc_d\"}\n"));
  const auto broken = read_duplicates(file);
  REQUIRE_FALSE(broken.has_value());
  CHECK(broken.error().kind == ErrorKind::invalid);
  CHECK(broken.error().where.ends_with(":3"));
}

TEST_CASE("stopping says so") {
  Place place;
  place.put("https://example.org/a", korean_post);
  place.stop.request_stop();
  const auto report = place.find();
  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures[0].kind == ErrorKind::cancelled);
}

}  // namespace
}  // namespace twin::feature
