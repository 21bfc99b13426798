#include <doctest/doctest.h>

#include <random>

#include "core/files.h"
#include "models/registry/fixtures.h"
#include "models/registry/registry.h"

using namespace twin;
using namespace twin::models;
namespace fs = std::filesystem;

TEST_CASE("metadata of a GGUF") {
  const TempFolder folder;
  const fs::path path = folder.path() / "m.gguf";
  testing::write_gguf(path, "llama",
                      {{"general.name", "시험"}, {"general.license", "mit"}, {"tokenizer.chat_template", "{{x}}"}});
  const auto info = read_gguf(path);
  REQUIRE(info);
  CHECK(info->architecture == "llama");
  CHECK(info->name == "시험");
  CHECK(info->license == "mit");
  CHECK(info->chat_template == "{{x}}");
  CHECK(info->quantization == "F16");
  CHECK(info->parameters == 8 * 4 + 32);
  CHECK(info->details.at("context_length") == "512");
  CHECK(info->details.at("embedding_length") == "8");
  CHECK(info->details.at("vocab_size") == "3");
}

TEST_CASE("a key of an unexpected type is as if absent") {
  const TempFolder folder;
  const fs::path path = folder.path() / "m.gguf";
  testing::write_gguf(path, "llama", {{"llama.block_count", "six"}, {"llama.pooling_type", "mean"}});
  const auto info = read_gguf(path);
  REQUIRE(info);
  CHECK_FALSE(info->details.contains("block_count"));
  CHECK_FALSE(info->details.contains("pooling"));
}

TEST_CASE("a GGUF cut anywhere is an error") {
  const TempFolder folder;
  const fs::path path = folder.path() / "m.gguf";
  testing::write_gguf(path);
  const std::string whole = testing::read_file(path);
  // Padding after the last tensor may be missing; everything before is needed.
  for (std::size_t size = 0; size + 32 < whole.size(); ++size) {
    testing::write_file(path, whole.substr(0, size));
    const auto info = read_gguf(path);
    CAPTURE(size);
    REQUIRE_FALSE(info);
    CHECK(info.error().kind == ErrorKind::invalid);
    CHECK_FALSE(info.error().message.empty());
  }
}

TEST_CASE("damaged headers never crash") {
  const TempFolder folder;
  const fs::path path = folder.path() / "m.gguf";
  testing::write_gguf(path);
  const std::string whole = testing::read_file(path);
  std::mt19937 random(7);
  int refused = 0;
  for (int round = 0; round < 3'000; ++round) {
    std::string bytes = whole;
    for (int flips = 1 + static_cast<int>(random() % 3); flips > 0; --flips) {
      bytes[random() % (whole.size() - 200)] = static_cast<char>(round % 2 == 0 ? random() : 0xFF);
    }
    testing::write_file(path, bytes);
    if (!read_gguf(path)) ++refused;
  }
  CHECK(refused > 300);
}

TEST_CASE("other files") {
  const TempFolder folder;
  CHECK(read_gguf(folder.path() / "none").error().kind == ErrorKind::not_found);
  testing::write_file(folder.path() / "html", "<!doctype html><html>Not found, and long enough to be read</html>");
  const auto html = read_gguf(folder.path() / "html");
  REQUIRE_FALSE(html);
  CHECK(html.error().kind == ErrorKind::invalid);
  testing::write_file(folder.path() / "empty", "");
  CHECK(read_gguf(folder.path() / "empty").error().kind == ErrorKind::invalid);
}
