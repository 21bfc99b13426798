// Conformance: what every source must do. A new .cpp in this folder is picked up by itself.
#include <doctest/doctest.h>

#include <algorithm>

#include "feature/collect/choose_source.h"
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
  for (const auto& each : SourceRegistry::instance().entries()) {
    const auto& id = each.first;
    const auto& entry = each.second;
    CAPTURE(id);
    CHECK(!entry.description.empty());
    REQUIRE(entry.accepts);
    REQUIRE(entry.make);
    int accepted = 0, refused = 0;
    for (const auto& example : entry.examples) {
      CAPTURE(example.location);
      const auto choice = source_for(example.location);
      CHECK((choice && choice->id == id) == example.accepted);
      if (example.accepted) CHECK(!entry.accepts(example.location).why.empty());
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
    const auto has_key = [&](const std::string& name) {
      return std::any_of(keys.begin(), keys.end(), [&](const auto& key) { return key.key == name; });
    };
    for (const auto& example : entry.examples) {
      if (example.accepted) CHECK(has_key(location_key(example.location)));
    }
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

TEST_CASE("no two sources claim a link with equal strength") {
  for (const auto& [id, entry] : SourceRegistry::instance().entries()) {
    for (const auto& example : entry.examples) {
      CAPTURE(example.location);
      std::map<int, int> takers;
      for (const auto& [other, candidate] : SourceRegistry::instance().entries()) {
        if (const Claim claim = candidate.accepts(example.location)) ++takers[claim.strength];
      }
      CHECK((takers.empty() || takers.rbegin()->second == 1));
    }
  }
}

TEST_CASE("a link that no source takes is an error that names the sources") {
  const auto choice = source_for("gopher://example.org/1");
  REQUIRE(!choice);
  CHECK(choice.error().kind == ErrorKind::usage);
  CHECK(choice.error().hint.find("folder") != std::string::npos);
}
