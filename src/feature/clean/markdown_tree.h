// A Markdown document parsed by cmark-gfm (CommonMark 0.29 with GitHub's tables, footnotes and strikethrough).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "feature/clean/picture.h"

struct cmark_node;

namespace twin::feature {

struct MarkdownDeleter {
  void operator()(cmark_node* root) const;
};
using MarkdownTree = std::unique_ptr<cmark_node, MarkdownDeleter>;

/// Never fails: every text is Markdown.
[[nodiscard]] MarkdownTree parse_markdown(std::string_view markdown);

/// Text of an inline tree as it reads: links and emphasis reduced to their text, soft line breaks to spaces, hard ones
/// (and <br>) to new lines, images to their words (words_of_picture()). `pictures`, when given, takes where those
/// stand.
[[nodiscard]] std::string inline_text(cmark_node* node, std::vector<Picture>* pictures = nullptr);

/// The first heading of the lowest level number, level 1 if there is one: the title. Empty when there is no heading.
[[nodiscard]] std::string first_heading(std::string_view markdown);

}  // namespace twin::feature
