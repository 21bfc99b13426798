// The tokenizer of a GGUF as Hugging Face's files.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/registry/gguf_file.h"

namespace twin::models {

/// By name: tokenizer.json (byte-level BPE) or tokenizer.model (SentencePiece), tokenizer_config.json with the chat
/// template, special_tokens_map.json. What the GGUF does not say is added to `notes`; a tokenizer of an unknown kind
/// gives only what is sure of it, and a note.
[[nodiscard]] std::map<std::string, std::string> hf_tokenizer(const GgufFile& file, const std::string& chat_template,
                                                              std::vector<std::string>& notes);

}  // namespace twin::models
