#include "training/trainer/token_text.h"

#include <doctest/doctest.h>
#include <gguf.h>

#include "core/files.h"
#include "training/trainer/gguf_writer.h"

using namespace twin;
using namespace twin::training;

namespace {

Result<TokenText> text_of(const std::string& kind, std::vector<const char*> tokens,
                          const std::vector<std::int32_t>& types) {
  GgufWriter writer;
  writer.set("general.architecture", std::string("llama"));
  writer.set("tokenizer.ggml.model", kind);
  gguf_set_arr_str(writer.context(), "tokenizer.ggml.tokens", tokens.data(), tokens.size());
  gguf_set_arr_data(writer.context(), "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types.data(), types.size());
  const TempFolder folder;
  const auto file = folder.path() / "vocabulary.gguf";
  REQUIRE(disk().write(file, writer.bytes()).has_value());
  return TokenText::open(value_or_throw(GgufReader::open(file)));
}

std::string joined(const TokenText& text, const std::vector<std::int64_t>& ids) {
  return text.of(ids);
}

}  // namespace

TEST_CASE("tokens to text: byte-level BPE, a character over two tokens, control tokens are not shown") {
  // The bytes ed 95 9c of a syllable, each as the character that stands for it.
  const auto text = text_of("gpt2", {"Hello", "\u0120world", "<|im_end|>", "\u00ed\u0137", "\u013e", "\u010a", "<b>"},
                            {1, 1, 3, 1, 1, 1, 4});
  REQUIRE(text.has_value());
  CHECK(joined(*text, {0, 1, 5, 0, 2}) == "Hello world\nHello");
  CHECK(joined(*text, {3, 4, 6}) == "\ud55c<b>");
  CHECK(joined(*text, {0, 3}) == "Hello\ufffd");  // cut inside the character
  CHECK(joined(*text, {-1, 99}).empty());
}

TEST_CASE("tokens to text: SentencePiece, spaces, bytes and the unknown token") {
  const auto text = text_of(
      "llama", {"<unk>", "<s>", "\u2581author", "\u2581\u2581", "<0xED>", "<0x95>", "<0x9C>", "<0x0A>", "\uae00"},
      {2, 3, 1, 4, 6, 6, 6, 6, 1});
  REQUIRE(text.has_value());
  CHECK(joined(*text, {1, 2, 2, 7, 8}) == " author author\n\uae00");
  CHECK(joined(*text, {4, 5, 6, 3, 0}) == "\ud55c  \ufffd");
}

TEST_CASE("tokens to text: a vocabulary of another kind is refused with the setting") {
  const auto text = text_of("bert", {"a"}, {1});
  REQUIRE_FALSE(text.has_value());
  CHECK(text.error().message.find("bert") != std::string::npos);
  CHECK(text.error().hint.find("samples.every") != std::string::npos);
}
