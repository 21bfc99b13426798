#include <doctest/doctest.h>

#include "core/files.h"
#include "feature/category.h"

using namespace twin;
using namespace twin::feature;

namespace {

std::filesystem::path write(const TempFolder& folder, const std::string& name, const std::string& text) {
  auto path = folder.path() / name;
  REQUIRE(disk().write(path, text));
  return path;
}

}  // namespace

TEST_CASE("the shipped categories load, with questions in both languages") {
  const auto categories = load_categories({std::filesystem::path(TWIN_SOURCE_DIR) / "categories"});
  REQUIRE_MESSAGE(categories, (categories ? std::string() : categories.error().text()));
  for (const char* id : {"articles", "posts", "repositories"}) {
    CAPTURE(id);
    REQUIRE(categories->contains(id));
    const auto& category = categories->at(id);
    CHECK(category.id == id);
    CHECK(!category.description.empty());
    for (const char* key : {"en.title", "en.heading", "en.lead", "ko.title", "ko.heading", "ko.lead"}) {
      CHECK_MESSAGE(category.dataset.questions.contains(key), key);
    }
  }
}

TEST_CASE("a later folder overrides an earlier one") {
  const TempFolder first, second;
  write(first, "a.yaml", "description: first\nretrieval_weight: 0.5\n");
  write(first, "b.yaml", "description: kept\n");
  write(first, "notes.txt", "not a category");
  write(second, "a.yaml", "description: second\n");
  const auto categories = load_categories({first.path(), second.path()});
  REQUIRE(categories);
  CHECK(categories->size() == 2);
  CHECK(categories->at("a").description == "second");
  CHECK(categories->at("a").retrieval_weight == 1.0);
  CHECK(categories->at("b").description == "kept");
}

TEST_CASE("mistakes name file and line") {
  const TempFolder folder;
  SUBCASE("an unknown key, with the nearest known one") {
    write(folder, "x.yaml", "description: d\nclean:\n  drop_selector: [a]\n");
    const auto out = load_categories({folder.path()});
    REQUIRE(!out);
    CHECK(out.error().text().find("x.yaml:3") != std::string::npos);
    CHECK(out.error().text().find("drop_selectors") != std::string::npos);
  }
  SUBCASE("a value of the wrong type") {
    write(folder, "x.yaml", "chunk:\n  max_tokens: many\n");
    CHECK(load_categories({folder.path()}).error().text().find("x.yaml:2") != std::string::npos);
  }
  SUBCASE("a question without its placeholder, and one of no known kind") {
    write(folder, "x.yaml", "dataset:\n  questions:\n    en.title: \"What?\"\n    en.body: \"{body}\"\n");
    const auto out = load_categories({folder.path()});
    REQUIRE(!out);
    CHECK(out.error().message.find("en.title") != std::string::npos);
    CHECK(out.error().message.find("en.body") != std::string::npos);
  }
  SUBCASE("broken YAML") {
    write(folder, "x.yaml", "clean: [");
    CHECK(load_categories({folder.path()}).error().text().find("x.yaml") != std::string::npos);
  }
  SUBCASE("a folder that is not there") {
    CHECK(load_categories({folder.path() / "none"}).error().kind == ErrorKind::io);
  }
}
