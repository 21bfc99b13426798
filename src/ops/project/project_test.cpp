#include "ops/project/project.h"

#include <doctest/doctest.h>

#include <fstream>

#include "core/files.h"
#include "ops/project/new_project.h"

using namespace twin;
using namespace twin::ops;

namespace {

std::string error_of(const TempFolder& folder, const std::vector<std::string>& sets = {}) {
  try {
    static_cast<void>(Project::open(folder.path(), sets));
  } catch (const Fatal& fatal) {
    CHECK(fatal.error().kind == ErrorKind::usage);
    return fatal.what();
  }
  return {};
}

void write_yaml(const TempFolder& folder, const std::string& text) {
  std::ofstream(folder.path() / "twin.yaml") << text;
}

}  // namespace

TEST_CASE("project: a misspelt key names file, line and the nearest key") {
  const TempFolder folder;
  write_yaml(folder, "name: x\ntrain:\n  lorra: {r: 8}\n");
  const std::string error = error_of(folder);
  CHECK(error.find("twin.yaml:3") != std::string::npos);
  CHECK(error.find("lora") != std::string::npos);
}

TEST_CASE("project: all mistakes are reported at once") {
  const TempFolder folder;
  write_yaml(folder, "name: x\ntrain:\n  lr: fast\nserve:\n  port: 99999\n");
  const std::string error = error_of(folder);
  CHECK(error.find("twin.yaml:3") != std::string::npos);
  CHECK(error.find("twin.yaml:5") != std::string::npos);
}

TEST_CASE("project: a source plug-in's own keys are checked like all others") {
  const TempFolder folder;
  std::filesystem::create_directories(folder.path() / "posts");
  write_yaml(folder, "name: x\nsources:\n  - type: folder\n    path: posts\n    inclde: ['*.md']\n");
  const std::string error = error_of(folder);
  CHECK(error.find("twin.yaml:5") != std::string::npos);
  CHECK(error.find("include") != std::string::npos);
}

TEST_CASE("project: a path that is not there is an error with its line") {
  const TempFolder folder;
  write_yaml(folder, "name: x\nsources:\n  - type: folder\n    path: nowhere\n");
  CHECK(error_of(folder).find("twin.yaml:4") != std::string::npos);
}

TEST_CASE("project: --set wins over the file, and the origin says so") {
  const TempFolder folder;
  write_yaml(folder, "name: x\ntrain:\n  lr: 0.001\n");
  const auto project = Project::open(folder.path(), {"train.lr=0.002"});
  CHECK(project->config().train.lr == doctest::Approx(0.002));
  bool seen = false;
  for (const auto& value : project->resolved()) {
    if (value.key != "train.lr") continue;
    seen = true;
    CHECK(value.origin == "--set");
  }
  CHECK(seen);
}

TEST_CASE("project: what init writes can be opened") {
  const TempFolder folder;
  std::filesystem::create_directories(folder.path() / "posts");
  const auto yaml = new_project_yaml({.name = "mine", .authors = {"김지은"}, .links = {"posts"}}, folder.path());
  REQUIRE(yaml);
  write_yaml(folder, *yaml);
  const auto project = Project::open(folder.path(), {});
  CHECK(project->config().name == "mine");
  REQUIRE(project->config().sources.size() == 1);
  CHECK(project->config().sources[0].type == "folder");
}

TEST_CASE("project: a link that no source takes is refused with the list of sources") {
  const TempFolder folder;
  const auto yaml = new_project_yaml({.name = "mine", .authors = {}, .links = {"gopher://old"}}, folder.path());
  REQUIRE_FALSE(yaml);
  CHECK(yaml.error().hint.find("folder") != std::string::npos);
}
