// Ollama's Modelfile: how it runs a GGUF, with the template of the conversation in Go's language.
// https://docs.ollama.com/modelfile
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "models/merge/chat_format.h"
#include "models/registry/gguf_file.h"

namespace twin::models {

struct Modelfile {
  std::string from;                  ///< a GGUF: "./name.gguf", or a path
  std::string adapter;               ///< a GGUF adapter; empty: none
  std::optional<ChatFormat> format;  ///< nullopt: left to Ollama, with a comment
  std::string system;                ///< empty: the format's own
  std::vector<std::string> stops;
  std::string license;
};

[[nodiscard]] std::string modelfile_text(const Modelfile& modelfile);

/// The TEMPLATE alone.
[[nodiscard]] std::string go_template(const ChatFormat& format);

/// The tokens that end an answer: those that the file names, and what the format puts after an answer.
[[nodiscard]] std::vector<std::string> stop_words(const GgufFile& file, const std::optional<ChatFormat>& format);

}  // namespace twin::models
