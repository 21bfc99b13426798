// Headers of GGUF model files.
#include "core/text/unicode.h"
#include "fuzz.h"
#include "models/registry/gguf_file.h"
#include "models/registry/registry.h"
#include "packed.h"

using namespace twin;

TWIN_FUZZ(gguf, bytes) {
  const fuzz::MemoryFile file(bytes);
  const auto opened = models::GgufFile::open(file.path());
  const auto info = models::read_gguf(file.path());
  fuzz::require(opened.has_value() || !info, "what cannot be opened says nothing");
  if (!opened) {
    fuzz::require(!opened.error().message.empty(), "an error says what happened");
    return;
  }
  for (const char* key : {"general.name", "general.architecture", "tokenizer.chat_template", "tokenizer.ggml.tokens"}) {
    const auto text = opened->text(key);
    fuzz::require(!text || text::first_invalid_utf8(*text) == std::string::npos, "a text is UTF-8");
    (void)opened->number(key);
    (void)opened->array_size(key);
  }
}
