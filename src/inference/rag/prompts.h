// The prompt files of prompts/, and how their placeholders are filled.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.h"

namespace twin::inference {

struct Prompts {
  std::string system;   ///< twin.system.txt: shared with the training data and the evaluation
  std::string user;     ///< rag.user.txt: {passages} {question}
  std::string passage;  ///< rag.passage.txt: {n} {title} {text}
};

/// Reads the files through find_data(), so that $TWIN_SHARE replaces them. Surrounding white space is dropped.
[[nodiscard]] Result<Prompts> load_prompts();

/// Replaces each {name} given, in one pass: braces in a value are never taken for placeholders. Unknown {names} stay.
[[nodiscard]] std::string fill(std::string_view prompt,
                               std::initializer_list<std::pair<std::string_view, std::string_view>> values);

}  // namespace twin::inference
