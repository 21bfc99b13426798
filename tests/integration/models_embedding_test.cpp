// An encoder imported from safetensors, served by the real worker, against golden values made in Python: vectors by a
// float64 forward pass that ONNX Runtime confirms to six digits, tokens by the "tokenizers" library.
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include <csignal>
#include "core/json.h"

#include "models/engines/encoders.h"
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

models::EncoderLaunch encoder_of(const std::filesystem::path& model) {
  models::EncoderLaunch launch;
  launch.program = find_program("twin-encode").value();
  launch.model = model;
  launch.threads = 2;
  return launch;
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
      const std::string text = entry.at("text").get<std::string>();
      const int count = static_cast<int>(tokens->size());
      CHECK(worker.count_tokens({text, "", text}, true).value() == std::vector<int>{count, 2, count});
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

TEST_CASE("vectors by twin-encode and by llama-server are the same") {
  const auto model = test::test_model("minilm");
  if (!model) return;
  const TempFolder logs;
  models::WorkerSpec spec = test::worker_spec(*model, logs.path(), true);
  double least = 0.9999;
  SUBCASE("in float32") {
    spec.config.encoder = "f32";
  }
  SUBCASE("in bfloat16, where the processor has it") {
    least = 0.999;
  }
  auto fast = models::Worker::start(spec);
  REQUIRE_MESSAGE(fast, test::why(fast));
  spec.config.encoder = "llama-server";
  auto plain = models::Worker::start(spec);
  REQUIRE_MESSAGE(plain, test::why(plain));
  std::vector<std::string> texts;
  for (int i = 1; i < 40; ++i) {
    texts.push_back("passage " + std::to_string(i));
    for (int word = 0; word < i * 3; ++word) texts.back() += word % 3 == 0 ? " 글이" : " words of it";
  }
  texts.insert(texts.end(), {"", " [SEP] in the text", "\n"});
  models::EncodeRequest request{texts, false, true};
  SUBCASE("passages") {}
  SUBCASE("questions") {
    request.queries = true;
  }
  const auto one = (*fast)->encode(request), other = (*plain)->encode(request);
  REQUIRE_MESSAGE(one, test::why(one));
  REQUIRE_MESSAGE(other, test::why(other));
  CHECK(one->tokens == other->tokens);
  std::int64_t tokens = 0;  // a batch is tokenized together, as each text is alone
  const auto window = static_cast<std::size_t>((*fast)->window_tokens());
  for (const std::string& text : texts)
    tokens += static_cast<std::int64_t>(std::min((*fast)->tokenize(text, true)->size(), window));
  CHECK(one->tokens == tokens);
  bool differ = false;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    CHECK(cosine(one->vectors[i], other->vectors[i]) > least);
    differ = differ || one->vectors[i] != other->vectors[i];
  }
  CHECK(differ);  // to the last bit only the same program is: the comparison was one of two
  for (const std::size_t i : {0, 7, 38}) {
    const auto alone = (*fast)->encode({{texts[i]}, request.queries, true});
    REQUIRE(alone);
    CHECK(alone->vectors[0] == one->vectors[i]);
  }
}

TEST_CASE("questions have an encoder of their own, which is given up alone") {
  const auto model = test::test_model("minilm");
  if (!model) return;
  models::EncoderLaunch launch = encoder_of(*model);
  launch.f32 = true;
  {
    models::Encoders encoders(launch);
    encoders.expect_questions();
    models::EncoderProcess* const questions = encoders.of(true);
    models::EncoderProcess* const passages = encoders.of(false);
    REQUIRE(questions != nullptr);
    REQUIRE(passages != nullptr);
    CHECK(questions->pid() != passages->pid());
    const auto one = questions->encode({{101, 2023, 102}}), other = passages->encode({{101, 2023, 102}});
    REQUIRE_MESSAGE(one, test::why(one));
    REQUIRE_MESSAGE(other, test::why(other));
    CHECK(cosine((*one)[0], (*other)[0]) > 0.999999);
    encoders.give_up_questions(Error{ErrorKind::network, "it died", {}, {}});
    CHECK(encoders.of(true) == nullptr);
    CHECK(encoders.of(false) == passages);
  }
  launch.program = "/bin/false";
  models::Encoders none(launch);
  none.expect_questions();
  CHECK(none.of(true) == nullptr);
  CHECK(none.of(false) == nullptr);
}

TEST_CASE("an encoder that dies is started again; what it cannot run is said") {
  const auto model = test::test_model("minilm");
  if (!model) return;
  models::EncoderLaunch launch = encoder_of(*model);
  models::EncoderProcess encoder(launch);
  CHECK(encoder.pid() == 0);
  const auto before = encoder.encode({{101, 2023, 102}, {101, 102}});
  REQUIRE_MESSAGE(before, test::why(before));
  const pid_t first = encoder.pid();
  REQUIRE(first > 0);
  REQUIRE(::kill(first, SIGKILL) == 0);
  const auto after = encoder.encode({{101, 2023, 102}, {101, 102}});
  REQUIRE_MESSAGE(after, test::why(after));
  CHECK(*after == *before);
  CHECK(encoder.pid() != first);

  const auto refused = encoder.encode({std::vector<int>(600, 5)});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::invalid);
  CHECK(refused.error().message.find("600") != std::string::npos);
  CHECK(encoder.encode({{101, 102}}));  // one bad request costs nothing else

  const auto chat = test::test_model("smollm2");
  if (!chat) return;
  launch.model = *chat;
  models::EncoderProcess wrong(launch);
  const auto started = wrong.start();
  REQUIRE_FALSE(started);
  CHECK(started.error().kind == ErrorKind::invalid);
  CHECK(started.error().message.find("llama") != std::string::npos);
}
