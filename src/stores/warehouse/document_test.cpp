#include "stores/warehouse/document.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <random>

using namespace twin;
using namespace twin::stores;

namespace {

std::string odd_string(std::mt19937& random) {
  static const std::vector<std::string> kPieces = {"",
                                                   "a",
                                                   "플랫폼을",
                                                   "\"",
                                                   "\\",
                                                   "\n",
                                                   "\r\n",
                                                   std::string(1, '\0'),
                                                   "\t",
                                                   "\x7f",
                                                   "é",
                                                   "é",
                                                   "\xF0\x9F\x90\xA7",
                                                   "\xEF\xBF\xBD",
                                                   "</script>",
                                                   "\xE2\x80\xA8",
                                                   "{",
                                                   "1e999",
                                                   "null",
                                                   "'",
                                                   "\xEF\xBB\xBF"};
  std::string text;
  const int count = std::uniform_int_distribution<int>(0, 6)(random);
  for (int i = 0; i < count; ++i) {
    text += kPieces[std::uniform_int_distribution<std::size_t>(0, kPieces.size() - 1)(random)];
  }
  return text;
}

Document odd_document(std::mt19937& random) {
  std::uniform_int_distribution<std::int64_t> times(INT64_MIN, INT64_MAX);
  Document d;
  d.url = "u" + odd_string(random);
  d.id = document_id(d.url);
  d.source = odd_string(random);
  d.category = odd_string(random);
  d.title = odd_string(random);
  d.body = odd_string(random) + odd_string(random);
  d.raw_sha256 = odd_string(random);
  d.raw_type = odd_string(random);
  d.language = odd_string(random);
  d.published = times(random);
  d.fetched = times(random);
  d.content_hash = odd_string(random);
  d.version = std::uniform_int_distribution<int>(0, INT32_MAX)(random);
  d.deleted = random() % 2 == 0;
  d.deleted_at = times(random);
  for (unsigned i = 0; i < random() % 3; ++i) d.author_ids.push_back(odd_string(random));
  for (unsigned i = 0; i < random() % 4; ++i) d.metadata[odd_string(random)] = odd_string(random);
  return d;
}

bool equal(const Document& a, const Document& b) {
  return a.id == b.id && a.url == b.url && a.source == b.source && a.category == b.category &&
         a.author_ids == b.author_ids && a.title == b.title && a.body == b.body && a.raw_sha256 == b.raw_sha256 &&
         a.raw_type == b.raw_type && a.language == b.language && a.published == b.published && a.fetched == b.fetched &&
         a.content_hash == b.content_hash && a.version == b.version && a.deleted == b.deleted &&
         a.deleted_at == b.deleted_at && a.metadata == b.metadata;
}

}  // namespace

TEST_CASE("document: JSON is lossless both ways, whatever the strings") {
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i) {
    const Document d = odd_document(random);
    const std::string line = to_json(d).dump();
    CHECK(line.find('\n') == std::string::npos);
    const auto back = document_from_json(Json::parse(line));
    REQUIRE_MESSAGE(back, line);
    REQUIRE_MESSAGE(equal(d, *back), line);
    CHECK(to_json(*back).dump() == line);
  }
}

TEST_CASE("document: hand-made JSON needs only a URL") {
  const auto d = document_from_json(Json{{"url", "https://a/b"}, {"title", "제목"}});
  REQUIRE(d);
  CHECK(d->id == document_id("https://a/b"));
  CHECK(d->version == 0);
  CHECK(d->title == "제목");
}

TEST_CASE("document: malformed JSON is an error that names what is wrong") {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {R"([])", "object"},
      {R"(null)", "object"},
      {R"({})", "url"},
      {R"({"url":""})", "url"},
      {R"({"url":7})", "url"},
      {R"({"url":"a","bodyy":"x"})", "bodyy"},
      {R"({"url":"a","version":"1"})", "version"},
      {R"({"url":"a","version":1.5})", "version"},
      {R"({"url":"a","version":-1})", "version"},
      {R"({"url":"a","version":99999999999})", "version"},
      {R"({"url":"a","fetched":18446744073709551615})", "fetched"},
      {R"({"url":"a","deleted":1})", "deleted"},
      {R"({"url":"a","author_ids":"me"})", "author_ids"},
      {R"({"url":"a","author_ids":[1]})", "author_ids"},
      {R"({"url":"a","metadata":{"k":1}})", "metadata"},
      {R"({"url":"a","metadata":[]})", "metadata"},
      {R"({"url":"a","id":"doc_other"})", "id"},
  };
  for (const auto& each : bad) {
    const std::string text = each.first, named = each.second;
    const auto d = document_from_json(Json::parse(text));
    REQUIRE_FALSE_MESSAGE(d.has_value(), text);
    CHECK(d.error().kind == ErrorKind::invalid);
    CHECK_MESSAGE(d.error().message.find(named) != std::string::npos, text, " gives ", d.error().message);
  }
}

TEST_CASE("document: the content hash is over title, body, category and authors in order, nothing else") {
  Document d;
  d.url = "u";
  d.title = "t";
  d.body = "b";
  d.author_ids = {"x", "y"};
  const auto hash = content_hash(d);
  auto other = d;
  other.fetched = 7;
  other.metadata["k"] = "v";
  other.raw_sha256 = "abc";
  CHECK(content_hash(other) == hash);
  other = d;
  std::swap(other.title, other.body);
  CHECK(content_hash(other) != hash);
  other = d;
  other.author_ids = {"y", "x"};
  CHECK(content_hash(other) != hash);
  other = d;
  other.author_ids = {"xy"};
  CHECK(content_hash(other) != hash);
}

TEST_CASE("user: JSON is lossless both ways, malformed is an error") {
  const User user{"user_1", "김지수", {"jisu@example.org", "\"quoted\""}};
  const auto back = user_from_json(Json::parse(to_json(user).dump()));
  REQUIRE(back);
  CHECK(back->id == user.id);
  CHECK(back->name == user.name);
  CHECK(back->aliases == user.aliases);
  for (const char* bad :
       {"[]", "{}", R"({"id":"a"})", R"({"id":"a","name":"b","aliases":"c"})", R"({"id":"a","name":"b","mail":"c"})"}) {
    CHECK_FALSE(user_from_json(Json::parse(bad)).has_value());
  }
}
