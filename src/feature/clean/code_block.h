// <pre> → a fenced code block with its language.
#pragma once

#include <string>

#include "feature/clean/dom.h"
#include "feature/clean/page_map.h"

namespace twin::feature::html {

/// Every byte of the code is kept but what was taken out of the page (line numbers); the language is what highlighters
/// left in classes and attributes.
[[nodiscard]] std::string write_code_block(Node* pre, const PageMap& page);

}  // namespace twin::feature::html
