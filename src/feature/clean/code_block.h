// <pre> → a fenced code block with its language.
#pragma once

#include <string>

#include "feature/clean/dom.h"

namespace twin::feature::html {

/// Every byte of the code is kept; the language is what highlighters left in classes and attributes.
[[nodiscard]] std::string write_code_block(Node* pre);

}  // namespace twin::feature::html
