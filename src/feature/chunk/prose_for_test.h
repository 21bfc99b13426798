// Test help: prose views written block by block, and a tokenizer that behaves as WordPiece does.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feature/clean/clean.h"

namespace twin::feature::testing {

/// Appends a block, with an empty line between blocks as prose_view() leaves it.
inline void append(ProseView& prose, Block::Kind kind, std::string_view text, int level = 0) {
  if (!prose.text.empty()) prose.text += "\n\n";
  const std::size_t start = prose.text.size();
  prose.text += text;
  prose.blocks.push_back({kind, level, {start, prose.text.size()}});
}

/// A view from (kind, text) pairs; "#", "##" … are headings, "p", "code", "table", "li", "quote" the rest.
inline ProseView prose_of(const std::vector<std::pair<std::string, std::string>>& blocks) {
  ProseView prose;
  for (const auto& [kind, text] : blocks) {
    if (kind[0] == '#') append(prose, Block::Kind::heading, text, static_cast<int>(kind.size()));
    if (kind == "p") append(prose, Block::Kind::paragraph, text);
    if (kind == "code") append(prose, Block::Kind::code, text);
    if (kind == "table") append(prose, Block::Kind::table, text);
    if (kind == "li") append(prose, Block::Kind::list_item, text);
    if (kind == "quote") append(prose, Block::Kind::quote, text);
  }
  return prose;
}

/// A word is cut into tokens of four code points; white space is none. Exact across white space, as WordPiece is.
inline int word_pieces(std::string_view text) {
  int tokens = 0, in_word = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == ' ' || c == '\n' || c == '\t') {
      in_word = 0;
    } else if ((byte & 0xC0u) != 0x80u && in_word++ % 4 == 0) {
      ++tokens;
    }
  }
  return tokens;
}

}  // namespace twin::feature::testing
