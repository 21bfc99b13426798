#include "models/registry/embedder_name.h"

#include <doctest/doctest.h>

#include "core/files.h"
#include "models/engines/picture_model.h"
#include "models/engines/worker.h"
#include "models/registry/fixtures.h"

using namespace twin;
using namespace twin::models;

TEST_CASE("an embedding model and its projector are one name") {
  CHECK(embedder_name({"minilm", ""}) == "minilm");
  CHECK(embedder_name({"gme", "gme-mmproj"}) == "gme+gme-mmproj");
  CHECK(embedder_ids("minilm").projector.empty());
  CHECK(embedder_ids("gme+gme-mmproj").model == "gme");
  CHECK(embedder_ids("gme+gme-mmproj").projector == "gme-mmproj");
  const TempFolder folder;
  CHECK(embedder_files(ModelRegistry(folder.path()), "gme+gme-mmproj").error().kind == ErrorKind::not_found);
}

TEST_CASE("a projector that is none, or belongs to no such model, is refused before a worker is started") {
  const TempFolder folder;
  const auto text = folder.path() / "text.gguf", seen = folder.path() / "seen.gguf";
  testing::write_gguf(text, "qwen2vl");
  testing::write_gguf(seen, "clip");
  GgufInfo model = value_or_throw(read_gguf(text));
  CHECK(check_projector(model, text, folder.path() / "gone.gguf").error().kind == ErrorKind::not_found);
  const auto no_projector = check_projector(model, text, seen);  // it does not say that it sees
  REQUIRE_FALSE(no_projector);
  CHECK(no_projector.error().kind == ErrorKind::invalid);
  CHECK(no_projector.error().where == seen.string());

  WorkerSpec spec;
  spec.name = "embed";
  spec.model = text;
  spec.embedding = true;
  spec.projector = seen;
  CHECK(Worker::start(spec).error().where == seen.string());
}

TEST_CASE("each family has its words around a text or picture; the last token comes behind it") {
  for (const char* family : {"qwen2vl", "qwen3vl", "unknown"}) CHECK_FALSE(frame_of(family).after.empty());
  CHECK(frame_of("qwen2vl").before.find("<|im_start|>user") != std::string::npos);
}
