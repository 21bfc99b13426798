// Conformance: what every source must do. A new .cpp in this folder is picked up by itself.
#include <doctest/doctest.h>

#include <algorithm>

#include "feature/sources/source_for_test.h"

using namespace twin;
using namespace twin::feature;

TEST_CASE("every source file registers one source under its own name") {
  std::vector<std::string> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(TWIN_SOURCE_DIR) / "src/feature/sources")) {
    const std::string name = entry.path().filename().string();
    const bool test = name.size() > 9 && name.compare(name.size() - 9, 9, "_test.cpp") == 0;
    if (entry.path().extension() == ".cpp" && !test) files.push_back(entry.path().stem().string());
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> ids;
  for (const auto& [id, entry] : SourceRegistry::instance().entries()) ids.push_back(id);
  CHECK(ids == files);
}

TEST_CASE("every source: description, examples that hold, its own keys, errors instead of crashes") {
  for (const auto& [id, entry] : SourceRegistry::instance().entries()) {
    CAPTURE(id);
    CHECK(!entry.description.empty());
    REQUIRE(entry.accepts);
    REQUIRE(entry.make);
    int accepted = 0, refused = 0;
    for (const auto& example : entry.examples) {
      CAPTURE(example.location);
      CHECK(entry.accepts(example.location) == example.accepted);
      ++(example.accepted ? accepted : refused);
    }
    CHECK(accepted >= 1);
    CHECK(refused >= 1);
    CHECK(!entry.accepts(""));

    SourceTest unknown(id, {{"no_such_key", "1"}});
    CHECK(std::any_of(unknown.errors.begin(), unknown.errors.end(),
                      [](const Error& error) { return error.text().find("no_such_key") != std::string::npos; }));

    const auto source = entry.make();
    const auto keys = config::resolved([&](config::Binder& b) { source->bind(b); }, {});
    const bool has_location =
        std::any_of(keys.begin(), keys.end(), [](const auto& key) { return key.key == "path" || key.key == "url"; });
    CHECK(has_location);
    for (const auto& key : keys) CHECK_MESSAGE(!key.doc.empty(), key.key);

    CHECK(entry.make()->location().empty());
    const std::string missing = "/no/such/place";
    for (const auto& key : keys) {
      if (key.key != "path" && key.key != "url") continue;
      CAPTURE(key.key);
      SourceTest nowhere(id, {{key.key, missing}});
      CHECK(nowhere.source->location() == missing);
      CHECK(nowhere.http.requests.empty());
      const auto report = nowhere.run();
      CHECK((!report || !nowhere.failures.empty()));
      if (report) CHECK(!report->complete);
      if (!report) CHECK(!report.error().message.empty());
      CHECK(nowhere.documents.empty());
    }
  }
}

TEST_CASE("a link belongs to at most one source") {
  for (const auto& [id, entry] : SourceRegistry::instance().entries()) {
    for (const auto& example : entry.examples) {
      int takers = 0;
      for (const auto& [other, candidate] : SourceRegistry::instance().entries()) {
        takers += candidate.accepts(example.location) ? 1 : 0;
      }
      CHECK_MESSAGE(takers <= 1, example.location);
    }
  }
}
