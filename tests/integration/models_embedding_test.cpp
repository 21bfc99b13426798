// An encoder imported from safetensors, served by the real worker, against golden values made in Python: vectors by a
// float64 forward pass that ONNX Runtime confirms to six digits, tokens by the "tokenizers" library.
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/json.h"
#include "models_fixture.h"

using namespace twin;

namespace {

Json golden(const std::string& name) {
  const auto bytes = disk().read(std::filesystem::path(TWIN_SOURCE_DIR) / "tests/data/models" / name);
  REQUIRE(bytes);
  return Json::parse(*bytes);
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double dot = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    dot += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    aa += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    bb += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  return dot / std::sqrt(aa * bb);
}

}  // namespace

TEST_CASE("embedding worker over an imported encoder") {
  const auto model = test::test_model("minilm");
  if (!model) return;
  const TempFolder logs;
  auto started = models::Worker::start(test::worker_spec(*model, logs.path(), true));
  REQUIRE_MESSAGE(started, test::why(started));
  models::Worker& worker = **started;
  CHECK(worker.dimension() == 384);
  CHECK(worker.window_tokens() == 256);  // the trained window, not the 512 positions
  CHECK(worker.model_hash().size() == 64);

  SUBCASE("vectors equal the reference") {
    std::vector<std::string> texts;
    const Json expected = golden("minilm_vectors.json").at("vectors");
    for (const Json& entry : expected) texts.push_back(entry.at("text"));
    const auto vectors = worker.embed(texts);
    REQUIRE_MESSAGE(vectors, test::why(vectors));
    REQUIRE(vectors->size() == texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      CAPTURE(texts[i]);
      CHECK(cosine((*vectors)[i], expected[i].at("vector").get<std::vector<float>>()) > 0.9999);
    }
  }
  SUBCASE("tokens equal the reference") {
    const Json expected = golden("minilm_tokens.json").at("tokens");
    for (const Json& entry : expected) {
      CAPTURE(entry.dump());
      const auto tokens = worker.tokenize(entry.at("text").get<std::string>(), true);
      REQUIRE_MESSAGE(tokens, test::why(tokens));
      CHECK(*tokens == entry.at("ids").get<std::vector<int>>());
    }
  }
  SUBCASE("a vector does not depend on what else is asked, nor on when") {
    const std::vector<std::string> texts = {"one text", "다른 글", "a rather longer third text about something else"};
    const auto together = worker.embed(texts);
    REQUIRE(together);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto alone = worker.embed({texts[i]});
      REQUIRE(alone);
      CHECK((*alone)[0] == (*together)[i]);
    }
  }
  SUBCASE("a text beyond the window is an error that names it, never cut") {
    std::string longer;
    for (int i = 0; i < 300; ++i) longer += "word ";
    const auto vectors = worker.embed({"short", longer});
    REQUIRE_FALSE(vectors);
    CHECK(vectors.error().kind == ErrorKind::limit);
    CHECK(vectors.error().message.find("Text 1 has 302 tokens") != std::string::npos);
    CHECK(vectors.error().message.find("256") != std::string::npos);
  }
  SUBCASE("invalid UTF-8 is an error of that text; chat is refused") {
    const auto vectors = worker.embed({"\xff\xfe"});
    REQUIRE_FALSE(vectors);
    CHECK(vectors.error().kind == ErrorKind::invalid);
    CHECK_FALSE(worker.chat({}, {}));
  }
  SUBCASE("empty input") {
    CHECK(worker.embed({})->empty());
    const auto empty = worker.embed({""});
    REQUIRE_MESSAGE(empty, test::why(empty));
    CHECK((*empty)[0].size() == 384);
  }
  SUBCASE("speed") {
    const Json expected = golden("minilm_vectors.json").at("vectors");
    const std::vector<std::string> texts(64, expected[4].at("text").get<std::string>());
    const auto start = std::chrono::steady_clock::now();
    REQUIRE(worker.embed(texts));
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    MESSAGE("texts/s of ~60 tokens: " << static_cast<double>(texts.size()) / seconds.count());
  }
}
