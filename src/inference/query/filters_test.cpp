#include "inference/query/filters.h"

#include <doctest/doctest.h>

#include "inference/query/names.h"

namespace twin::inference {
namespace {

using Strings = std::vector<std::string>;

struct Corpus {
  stores::IndexFacets facets{.categories = {"articles", "repositories"},
                             .sources = {"folder", "velog"},
                             .author_ids = {"jane", "kim", "lee"},
                             .languages = {"en", "ko"}};
  std::vector<stores::User> users = {{"jane", "Jane Doe", {"JD", "jane@example.org"}},
                                     {"kim", "김철수", {"Chulsoo Kim"}},
                                     {"lee", "Sujin Kim", {}},
                                     {"gone", "Old Hand", {}}};
  QueryConfig config;
  QueryContext context{.config = config, .facets = facets, .users = users, .now = 1'795'000'000'000, .cancel = {}};

  FoundFilters rules(const std::string& question) { return filters_by_rules(question, context); }
};

}  // namespace

TEST_CASE("filters by rules: authors in any case, with particles, by a part of a name that is only theirs") {
  Corpus corpus;
  const auto authors = [&](const std::string& question) { return corpus.rules(question).filter.author_ids; };
  CHECK(authors("What did JANE DOE write about gardens?") == Strings{"jane"});
  CHECK(authors("What did Jane publish?") == Strings{"jane"});
  CHECK(authors("jane's posts about gardens") == Strings{"jane"});
  CHECK(authors("posts of jd") == Strings{"jane"});
  CHECK(authors("김철수가 쓴 글") == Strings{"kim"});
  CHECK(authors("김철수님이 정원에 대해 쓴 글") == Strings{"kim"});
  CHECK(authors("김철수 씨의 글") == Strings{"kim"});
  CHECK(authors("What did Chulsoo write?") == Strings{"kim"});
  CHECK(authors("What did Kim write?").empty());  // two are called so
  CHECK(authors("김철수네가 쓴 글").empty());     // another word
  CHECK(authors("Who wrote about janet?").empty());
  CHECK(authors("What did Old Hand write?").empty());         // nothing of theirs is in the index
  CHECK(authors("What is Jane Doe's dog called?").empty());   // not about writing
  CHECK(authors("jane@example.org wrote").empty() == false);  // the name in it stands alone
}

TEST_CASE("filters by rules: places, languages and times that the index has") {
  Corpus corpus;
  CHECK(corpus.rules("What did I write on Velog?").filter.sources == Strings{"velog"});
  CHECK(corpus.rules("벨로그에 쓴 글").filter.sources == Strings{"velog"});
  CHECK(corpus.rules("posts about velog").filter.sources.empty());
  CHECK(corpus.rules("written in my repositories").filter.categories == Strings{"repositories"});
  CHECK(corpus.rules("posts in Korean about tea").filter.languages == Strings{"ko"});
  CHECK(corpus.rules("영어로 쓴 글").filter.languages == Strings{"en"});
  CHECK(corpus.rules("posts in German").filter.languages.empty());
  const auto dated = corpus.rules("What did I write in 2021 about tea?");
  CHECK(format_time(dated.filter.published_from) == "2021-01-01T00:00:00.000Z");
  CHECK(format_time(dated.filter.published_before) == "2022-01-01T00:00:00.000Z");
  CHECK(dated.rest == "What did I write about tea?");
  CHECK(dated.found == Strings{"published: 2021-01-01 to 2021-12-31"});
  CHECK(corpus.rules("차에 대해 2021년에 쓴 글?").rest == "차에 대해 쓴 글?");
  CHECK(corpus.rules("What happened in 2021?").filter.empty());  // what it is about
  CHECK(corpus.rules("").filter.empty());
}

TEST_CASE("filters of a model's reply: only what the index has, by name; the rest is said") {
  Corpus corpus;
  const auto read = [&](const std::string& reply) { return filters_of_reply("q", reply, corpus.context); };
  const auto good = read(
                        "Sure:\n{\"authors\": [\"jane doe\", \"Nobody\", 3], \"languages\": [\"Korean\"], \"sources\": "
                        "[\"VELOG\"], \"from\": \"2021-01-01\", \"before\": \"\"}")
                        .value();
  CHECK(good.filter.author_ids == Strings{"jane"});
  CHECK(good.filter.languages == Strings{"ko"});
  CHECK(good.filter.sources == Strings{"velog"});
  CHECK(good.filter.published_from == parse_time("2021-01-01T00:00:00Z").value());
  CHECK(good.filter.published_before == 0);
  CHECK(good.rest == "q");
  CHECK(std::find(good.found.begin(), good.found.end(), "authors: 'nobody' is not in the index") != good.found.end());
  CHECK(read("{\"from\": \"2021-01-01\", \"before\": \"2020-01-01\"}").value().filter.empty());
  CHECK(read("{\"from\": \"soon\"}").value().filter.empty());
  CHECK(read("{\"authors\": \"jane\"}").value().filter.empty());
  for (const char* wrong : {"", "none", "[1]", "{", "}{", "{\"authors\": [", "\"text\""}) CHECK_FALSE(read(wrong));
}

TEST_CASE("filters: the schema names what there is, and nobody else") {
  Corpus corpus;
  CHECK(filter_schema(corpus.context) ==
        "authors: Jane Doe, 김철수, Sujin Kim\nsources: folder, velog\ncategories: articles, repositories\n"
        "languages: en, ko");
}

}  // namespace twin::inference
