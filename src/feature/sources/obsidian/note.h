// Obsidian's additions to Markdown → Markdown that every reader understands.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace twin::feature::obsidian {

struct Note {
  std::string markdown;
  std::vector<std::string> tags;  ///< "#tag" in the text, in order, without "#"; they stay in the text
  int comments = 0;               ///< %%…%% taken out
};

/// Finds the file that a wikilink names ("note", "folder/note", "image.png"), as a path in the vault; empty: none.
using Resolve = std::function<std::string(const std::string& target)>;

/// [[a|b]] and ![[a]] become links and images, callouts ("> [!note] Title") quotes with a bold title, block ids ("
/// ^id") and comments go. Code stays as it is. The front matter is not touched.
[[nodiscard]] Note read_note(const std::string& text, const Resolve& resolve);

}  // namespace twin::feature::obsidian
