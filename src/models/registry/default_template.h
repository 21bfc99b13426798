// The chat template of a base model that comes without one: the same in training and in serving, and named, so that it
// can be stated.
#pragma once

#include <string>

namespace twin::models {

struct DefaultTemplate {
  std::string name;   ///< "chatml", "gemma"
  std::string jinja;  ///< for llama-server's --chat-template
};

/// By GGUF's general.architecture: the turns that the family's own chat models are trained on where the base model's
/// vocabulary has their tokens, else ChatML.
[[nodiscard]] const DefaultTemplate& default_template(const std::string& architecture);

}  // namespace twin::models
