#include "models/merge/chat_format.h"

#include <doctest/doctest.h>

#include "models/hf/sentencepiece.h"
#include "models/merge/modelfile.h"

using namespace twin;
using namespace twin::models;

namespace {

std::string chatml(const std::vector<Message>& messages, bool generation, const std::string& default_system) {
  std::string text;
  if (!default_system.empty() && messages.front().role != "system")
    text = "<|im_start|>system\n" + default_system + "<|im_end|>\n";
  for (const auto& m : messages) text += "<|im_start|>" + m.role + "\n" + m.content + "<|im_end|>\n";
  return text + (generation ? "<|im_start|>assistant\n" : "");
}

std::string gemma_turns(const std::vector<Message>& messages, bool generation) {
  std::string text = "<bos>", opening;
  for (const auto& m : messages) {
    if (m.role == "system") {
      opening = m.content + "\n\n";
      continue;
    }
    text += "<start_of_turn>" + (m.role == "assistant" ? std::string("model") : m.role) + "\n" + opening + m.content +
            "<end_of_turn>\n";
    opening.clear();
  }
  return text + (generation ? "<start_of_turn>model\n" : "");
}

}  // namespace

TEST_CASE("chat format: ChatML with a default system message, as Go's template and SYSTEM") {
  const auto format = learn_chat_format(
      [](const auto& messages, bool generation) -> Result<std::string> {
        return chatml(messages, generation, "Be \"kind\".");
      },
      "");
  REQUIRE(format.has_value());
  CHECK(format->default_system == "Be \"kind\".");
  CHECK(modelfile_text({.from = "./m.gguf", .format = format, .stops = {"<|im_end|>"}, .license = "mit"}) ==
        R"x(FROM ./m.gguf
TEMPLATE """{{- range .Messages }}
{{- if eq .Role "system" }}{{ "<|im_start|>system\n" }}{{ .Content }}{{ "<|im_end|>\n" }}
{{- end }}
{{- if eq .Role "user" }}{{ "<|im_start|>user\n" }}{{ .Content }}{{ "<|im_end|>\n" }}
{{- end }}
{{- if eq .Role "assistant" }}{{ "<|im_start|>assistant\n" }}{{ .Content }}{{ "<|im_end|>\n" }}
{{- end }}
{{- end }}{{ "<|im_start|>assistant\n" }}"""
SYSTEM """Be "kind"."""
PARAMETER stop "<|im_end|>"
LICENSE """mit"""
)x");
}

TEST_CASE(
    "chat format: Gemma's system message opens the first turn; the beginning of the text is left to the program") {
  const auto format = learn_chat_format(
      [](const auto& messages, bool generation) -> Result<std::string> { return gemma_turns(messages, generation); },
      "<bos>");
  REQUIRE(format.has_value());
  CHECK(format->system_in_user);
  CHECK(format->user.before == "<start_of_turn>user\n");
  CHECK(format->generation == "<start_of_turn>model\n");
  CHECK(go_template(*format).find(
            R"({{ if $opening }}{{ $opening }}{{ "\n\n" }}{{ $opening = "" }}{{ end }}{{ .Content }})") !=
        std::string::npos);
}

TEST_CASE("chat format: a template that refuses system messages, one that numbers its turns, one that fails") {
  const auto without = learn_chat_format(
      [](const auto& messages, bool generation) -> Result<std::string> {
        if (messages.front().role == "system") return fail(ErrorKind::invalid, "no system");
        return chatml(messages, generation, "");
      },
      "");
  REQUIRE(without.has_value());
  CHECK_FALSE(without->has_system);
  CHECK(go_template(*without).find("system") == std::string::npos);
  const auto numbered = learn_chat_format(
      [](const auto& messages, bool) -> Result<std::string> {
        std::string text;
        int n = 0;
        for (const auto& m : messages) text += std::to_string(++n) + ". " + m.content + "\n";
        return text;
      },
      "");
  CHECK_FALSE(numbered.has_value());
  CHECK_FALSE(
      learn_chat_format([](const auto&, bool) -> Result<std::string> { return fail(ErrorKind::io, "gone"); }, "")
          .has_value());
}

TEST_CASE("modelfile: an adapter beside its base; texts that end the quotes are left out") {
  const auto text = modelfile_text({.from = "/m/base.gguf", .adapter = "/m/lora.gguf", .license = "a \"\"\" b"});
  CHECK(text.starts_with("FROM /m/base.gguf\nADAPTER /m/lora.gguf\n# TEMPLATE: "));
  CHECK(text.find("# LICENSE: left out") != std::string::npos);
}

TEST_CASE("sentencepiece: the wire format") {
  const Vocabulary vocabulary{.tokens = {"<unk>", "가"},
                              .types = {TokenType::unknown, TokenType::normal},
                              .scores = {0.0F, -1.0F},
                              .merges = {}};
  const std::string bytes = sentencepiece_model(vocabulary, {.add_dummy_prefix = false, .pad = -1});
  const std::string pieces(
      "\x0a\x0e\x0a\x05<unk>\x15\0\0\0\0\x18\x02"
      "\x0a\x0c\x0a\x03\xea\xb0\x80\x15\0\0\x80\xbf\x18\x01",
      30);
  CHECK(bytes.substr(0, 30) == pieces);
  CHECK(bytes.ends_with(std::string("identity\x18\0\x20\0\x28\x01", 14)));
}
