#include "feature/clean/code_block.h"

#include <vector>

#include "feature/clean/markdown_blocks.h"

namespace twin::feature::html {
namespace {

/// "language-cpp", "lang-cpp", "highlight-source-c++", "brush: cpp", data-lang="cpp": what highlighters leave.
std::string language_of(Node* pre) {
  std::vector<const Node*> places = {pre};
  for (const Node* child = first_child(pre); child != nullptr; child = next_sibling(child)) {
    if (name(child) == "code") places.push_back(child);
  }
  for (const Node* up = parent(pre); up != nullptr && one_of(name(up), "div figure td") && places.size() < 6;
       up = parent(up)) {
    places.push_back(up);
  }
  const auto word = [](std::string_view text) {
    const std::size_t end =
        text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+#-_.");
    return std::string(text.substr(0, end));
  };
  for (const Node* place : places) {
    for (const std::string_view key : {"data-lang", "data-language", "data-ke-language", "lang"}) {
      if (key == "lang" && name(place) != "code") continue;
      if (auto value = word(attribute(place, key)); !value.empty()) return value;
    }
    const auto classes = attribute(place, "class");
    for (const std::string_view prefix :
         {"language-", "lang-", "highlight-source-", "brush: ", "brush:", "sourceCode "}) {
      const std::size_t at = classes.find(prefix);
      if (at == std::string_view::npos) continue;
      auto value = word(classes.substr(at + prefix.size()));
      if (!value.empty() && value != "plaintext" && value != "text" && value != "none") return value;
    }
  }
  return {};
}

std::string code_text(Node* pre, const PageMap& page) {
  std::string out;
  walk(pre, [&](Node* node) {
    if (is_text(node)) out += data(node);
    if (name(node) == "br") out += '\n';
    return !is_element(node) || node == pre || !page.removed_itself(node);
  });
  return out;
}

}  // namespace

std::string write_code_block(Node* pre, const PageMap& page) {
  return fenced_block(code_text(pre, page), language_of(pre));
}

}  // namespace twin::feature::html
