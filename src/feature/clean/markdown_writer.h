// An HTML tree → Markdown (CommonMark with GitHub's tables and footnotes).
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "feature/clean/dom.h"
#include "feature/clean/inline_markdown.h"
#include "feature/clean/page_map.h"

namespace twin::feature::html {

/// What the writer has to know about nodes that their names do not tell.
struct WriterContext {
  const PageMap* page = nullptr;                         ///< what was taken out of it is not written
  std::set<const Node*> quotes;                          ///< boxes set apart from the text: written as block quotes
  std::map<const Node*, std::string> references;         ///< link of a footnote mark → its label
  std::vector<std::pair<std::string, Node*>> footnotes;  ///< label → the note, in order of first reference
  std::set<const Node*> skipped;                         ///< links back from notes to the text
  std::vector<std::pair<const Node*, std::string>>* left_out = nullptr;  ///< takes what the writer leaves out, and why
  std::string base_url;  ///< http(s): relative links become absolute; else they stay
};

/// Finds the footnotes of `root`, wherever on context.page they stand, and fills references, footnotes and skipped: a
/// link into the same page, raised or named as a footnote, whose target is a block; links back to it are skipped.
void find_footnotes(Node* root, WriterContext& context);

/// The content of `root`. Depth of recursion is bounded by the parser's depth limit.
[[nodiscard]] std::string write_markdown(Node* root, const WriterContext& context);

}  // namespace twin::feature::html
