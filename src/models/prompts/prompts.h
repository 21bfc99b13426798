// The prompt files of prompts/: one text for training data, serving and evaluation.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"

namespace twin::models {

struct Prompts {
  std::string system;   ///< twin.system.txt
  std::string user;     ///< rag.user.txt: {passages} {question}
  std::string passage;  ///< rag.passage.txt: {n} {title} {text}
};

/// prompts/<name> through find_data(), so that $TWIN_SHARE replaces it, without surrounding white space. Errors: not
/// found, larger than 64 KiB, not UTF-8.
[[nodiscard]] Result<std::string> load_prompt(const std::string& name);

[[nodiscard]] Result<Prompts> load_prompts();
/// SHA-256 over the three texts, for the keys of what is made with them.
[[nodiscard]] std::string digest(const Prompts& prompts);

/// Replaces each {name} given, in one pass: braces in a value are never taken for placeholders. Unknown {names} stay.
[[nodiscard]] std::string fill(std::string_view prompt,
                               std::initializer_list<std::pair<std::string_view, std::string_view>> values);

/// One numbered passage under its document's title and its heading path; either may be empty, and the same is not said
/// twice.
[[nodiscard]] std::string render_passage(const Prompts& prompts, std::size_t n, std::string_view title,
                                         std::string_view heading_path, std::string_view text);
/// The user's message: rendered passages, an empty line between them, and the question.
[[nodiscard]] std::string render_question(const Prompts& prompts, const std::vector<std::string>& passages,
                                          std::string_view question);

}  // namespace twin::models
