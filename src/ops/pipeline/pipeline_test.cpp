#include "ops/pipeline/pipeline.h"

#include <doctest/doctest.h>

#include <fstream>

#include "core/files.h"
#include "ops/pipeline/step.h"

using namespace twin;
using namespace twin::ops;

namespace {

Result<Pipeline> load(const std::string& yaml) {
  const TempFolder folder;
  const auto file = folder.path() / "p.yaml";
  std::ofstream(file) << yaml;
  return load_pipeline(file);
}

}  // namespace

TEST_CASE("pipeline: steps come out in topological order, ties in the order of the file") {
  const auto pipeline = load(
      "steps:\n"
      "  - {id: train, needs: [instruct]}\n"
      "  - {id: collect}\n"
      "  - {id: index, needs: [collect]}\n"
      "  - {id: instruct, needs: [collect]}\n");
  REQUIRE(pipeline);
  std::vector<std::string> order;
  for (const PipelineStep& step : pipeline->steps) order.push_back(step.id);
  CHECK(order == std::vector<std::string>{"collect", "index", "instruct", "train"});
}

TEST_CASE("pipeline: mistakes are named with a suggestion") {
  SUBCASE("a step plug-in that does not exist") {
    const auto pipeline = load("steps:\n  - {id: a, run: colect}\n");
    REQUIRE_FALSE(pipeline);
    CHECK(pipeline.error().hint.find("collect") != std::string::npos);
  }
  SUBCASE("a need that is not in the pipeline") {
    const auto pipeline = load("steps:\n  - {id: index, needs: [colect]}\n  - {id: collect}\n");
    REQUIRE_FALSE(pipeline);
    CHECK(pipeline.error().message.find("colect") != std::string::npos);
  }
  SUBCASE("a circle") {
    const auto pipeline = load("steps:\n  - {id: index, needs: [collect]}\n  - {id: collect, needs: [index]}\n");
    REQUIRE_FALSE(pipeline);
    CHECK(pipeline.error().message.find("circle") != std::string::npos);
  }
  SUBCASE("the same id twice") {
    CHECK_FALSE(load("steps:\n  - {id: collect}\n  - {id: collect}\n"));
  }
  SUBCASE("an unknown key, with its line") {
    const auto pipeline = load("steps:\n  - id: collect\n    need: [x]\n");
    REQUIRE_FALSE(pipeline);
    CHECK(pipeline.error().where.find(":3") != std::string::npos);
  }
}

TEST_CASE("pipeline: up_to keeps the targets and what they need") {
  const auto pipeline =
      load("steps:\n  - {id: collect}\n  - {id: index, needs: [collect]}\n  - {id: instruct, needs: [collect]}\n");
  REQUIRE(pipeline);
  const auto part = up_to(*pipeline, {"instruct"});
  REQUIRE(part);
  CHECK(part->steps.size() == 2);
  CHECK(part->find("index") == nullptr);
  CHECK_FALSE(up_to(*pipeline, {"nothing"}));
}

TEST_CASE("steps: every plug-in is complete, and there are as many as files") {
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(TWIN_SOURCE_DIR) / "src/ops/steps")) {
    std::ifstream in(entry.path());
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    files += text.find("\nTWIN_STEP(") != std::string::npos ? 1 : 0;
  }
  CHECK(StepRegistry::instance().entries().size() >= files);
  for (const auto& each : StepRegistry::instance().entries()) {
    const auto& entry = each.second;
    CAPTURE(each.first);
    CHECK_FALSE(entry.description.empty());
    CHECK(entry.version >= 1);
    CHECK(static_cast<bool>(entry.run));
  }
  for (const char* id : {"models", "collect", "duplicates", "index", "instruct", "preference", "train", "evaluate"}) {
    CAPTURE(id);
    CHECK(StepRegistry::instance().find(id) != nullptr);
  }
}
