#include "models/registry/registry.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "core/files.h"
#include "models/registry/fixtures.h"

using namespace twin;
using namespace twin::models;
namespace fs = std::filesystem;

namespace {

Model draft(const std::string& id) {
  Model model;
  model.id = id;
  model.kind = "base";
  model.family = "llama";
  model.format = "gguf";
  model.source = "test";
  return model;
}

fs::path stage(const TempFolder& folder, const std::string& content) {
  fs::path staged = folder.path() / "staged";
  testing::write_file(staged / "m.gguf", content);
  testing::write_file(staged / "sub" / "extra.txt", "x");
  return staged;
}

}  // namespace

TEST_CASE("a model is added with hashes, found, verified, replaced and removed") {
  const TempFolder folder;
  ModelRegistry registry(folder.path() / "models");
  CHECK(registry.list().empty());
  const auto added = registry.add(draft("my-model"), stage(folder, "one"));
  REQUIRE(added);
  REQUIRE(added->files.size() == 2);
  CHECK(added->files[0].name == "m.gguf");
  CHECK(added->files[0].size == 3);
  CHECK(added->files[0].sha256 == "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed");  // of "one"
  CHECK(added->files[1].name == "sub/extra.txt");
  CHECK(added->created > 0);
  CHECK(registry.find("my-model")->source == "test");
  CHECK(registry.verify("my-model"));

  REQUIRE(registry.add(draft("my-model"), stage(folder, "another")));
  CHECK(testing::read_file(*registry.gguf("my-model")) == "another");
  CHECK(registry.list().size() == 1);

  testing::write_file(*registry.gguf("my-model"), "changed");
  CHECK(registry.verify("my-model").error().kind == ErrorKind::invalid);
  fs::remove(*registry.gguf("my-model"));
  CHECK(registry.gguf("my-model").error().kind == ErrorKind::not_found);

  CHECK(registry.remove("my-model"));
  CHECK_FALSE(registry.find("my-model"));
  CHECK(registry.remove("my-model").error().kind == ErrorKind::not_found);
}

TEST_CASE("an unknown model names the nearest one, or how to pull it") {
  const TempFolder folder;
  ModelRegistry registry(folder.path());
  CHECK(registry.gguf("smollm2").error().hint.find("twin models pull") != std::string::npos);
  REQUIRE(registry.add(draft("smollm2"), stage(folder, "x")));
  CHECK(registry.gguf("smolm2").error().hint.find("smollm2") != std::string::npos);
}

TEST_CASE("ids that are unsafe or unusable are refused") {
  const TempFolder folder;
  ModelRegistry registry(folder.path() / "models");
  for (const std::string id : {"", "..", "../x", "a/b", ".hidden", "-x", "모델", "a b", "a\n"}) {
    CAPTURE(id);
    CHECK_FALSE(valid_model_id(id));
    CHECK(registry.add(draft(id), stage(folder, "x")).error().kind == ErrorKind::usage);
    CHECK_FALSE(registry.find(id));
    CHECK(registry.remove(id).error().kind == ErrorKind::usage);
  }
  CHECK(valid_model_id("SmolLM2_135M.v1-x"));
  CHECK_FALSE(valid_model_id(std::string(129, 'a')));
}

TEST_CASE("a crash while adding leaves the old model and no rubbish for long") {
  const TempFolder folder;
  ModelRegistry registry(folder.path() / "models");
  REQUIRE(registry.add(draft("m"), stage(folder, "old")));
  // As a killed process leaves it: a half-made staging folder.
  testing::write_file(registry.root() / ".staging-m_0123" / "m.gguf", "ha");
  CHECK(registry.list().size() == 1);
  CHECK(testing::read_file(*registry.gguf("m")) == "old");
  REQUIRE(registry.add(draft("n"), stage(folder, "new")));
  CHECK_FALSE(fs::exists(registry.root() / ".staging-m_0123"));
}

TEST_CASE("damaged descriptions are left out, the others stay") {
  const TempFolder folder;
  ModelRegistry registry(folder.path());
  REQUIRE(registry.add(draft("good"), stage(folder, "x")));
  const auto broken = [&](const std::string& id, const std::string& json) {
    testing::write_file(folder.path() / id / "model.json", json);
    CAPTURE(json);
    CHECK_FALSE(registry.find(id));
    CHECK(registry.list().size() == 1);
  };
  broken("b1", "{");
  broken("b2", "[]");
  broken("b3", R"({"id":"other","kind":"base","family":"","format":"gguf","files":[]})");
  broken("b4", R"({"id":"b4","kind":"strange","family":"","format":"gguf","files":[]})");
  broken("b5",
         R"({"id":"b5","kind":"base","family":"","format":"gguf","files":[{"name":"../../etc/passwd","sha256":")" +
             std::string(64, 'a') + R"(","size":1}]})");
  broken("b6",
         R"({"id":"b6","kind":"base","family":"","format":"gguf","files":[{"name":"x","sha256":"zz","size":1}]})");
  broken("b7", R"({"id":"b7","kind":"base","family":"","format":"gguf","files":[],"metrics":{"a":"b"}})");
}

TEST_CASE("a model without files is refused") {
  const TempFolder folder;
  ModelRegistry registry(folder.path() / "models");
  fs::create_directories(folder.path() / "empty");
  CHECK(registry.add(draft("m"), folder.path() / "empty").error().kind == ErrorKind::invalid);
  CHECK_FALSE(registry.find("m"));
}

TEST_CASE("descriptions survive a round trip") {
  Model model = draft("m");
  model.files = {{"m.gguf", std::string(64, 'a'), 7}};
  model.chat_template = "{{ 한국어 }}";
  model.license_text = "text\n";
  model.base = "b";
  model.metrics = {{"loss", 1.25}};
  model.details = {{"dimension", "384"}};
  model.created = 1'700'000'000'000;
  const auto again = model_from_json(to_json(model));
  REQUIRE(again);
  CHECK(to_json(*again) == to_json(model));
}

TEST_CASE("writers at the same time do not disturb one another") {
  const TempFolder folder;
  ModelRegistry registry(folder.path() / "models");
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < 4; ++i) {
      const fs::path staged = folder.path() / ("s" + std::to_string(i));
      testing::write_file(staged / "m.gguf", std::to_string(i));
      writers.emplace_back([&registry, staged, i] { (void)registry.add(draft(i % 2 == 0 ? "even" : "odd"), staged); });
    }
  }
  CHECK(registry.list().size() == 2);
  CHECK(registry.verify("even"));
  CHECK(registry.verify("odd"));
}

TEST_CASE("export copies what is there and never over anything") {
  const TempFolder folder;
  ModelRegistry registry(folder.path() / "models");
  Model model = draft("m");
  model.license_text = "the licence";
  REQUIRE(registry.add(model, stage(folder, "weights")));
  const fs::path out = folder.path() / "out";
  REQUIRE(export_model(registry, "m", out));
  CHECK(testing::read_file(out / "m.gguf") == "weights");
  CHECK(testing::read_file(out / "LICENSE") == "the licence");
  CHECK(fs::exists(out / "model.json"));
  CHECK(export_model(registry, "m", out).error().kind == ErrorKind::usage);
  CHECK(export_model(registry, "no", folder.path() / "o2").error().kind == ErrorKind::not_found);
  CHECK(quantize_model(registry, "m", "Q99").error().kind == ErrorKind::usage);
}
