// The blocks of a Notion page: fetched as a tree, written as Markdown.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "feature/sources/notion/api.h"

namespace twin::feature::notion {

struct BlockLimits {
  int max_depth = 30;
  int max_blocks = 20'000;  ///< of a page
};

struct Block {
  std::string type;
  std::shared_ptr<const Json> data;  ///< never null
  std::string id;
  std::vector<Block> children;
  /// The object under the block's type.
  [[nodiscard]] const Json& content() const { return *data; }
};

/// A page's blocks, and what was met on the way.
struct BlockTree {
  std::vector<Block> blocks;
  std::vector<std::string> pages, databases;  ///< ids of child pages and databases, which are pages of their own
  std::vector<Error> notes;                   ///< limits, circles of synced blocks
};

/// Every block below a page, depth first. A synced block has the children of its original; one that holds itself is
/// left out with a note.
[[nodiscard]] Result<BlockTree> read_blocks(Api& api, const std::string& page, const BlockLimits& limits);

/// CommonMark with GFM tables, strike-through and task lists; equations between $. What the API does not give
/// ("unsupported") is noted with the block's type.
[[nodiscard]] std::string to_markdown(const std::vector<Block>& blocks, std::vector<Error>& notes);

/// Rich text as Markdown of one paragraph; as `one_line` for headings and table cells.
[[nodiscard]] std::string rich_text(const Json& items, bool one_line = false);
/// Rich text without any markup.
[[nodiscard]] std::string plain_text(const Json& items);
/// The address of a file object without what expires: files kept by Notion are signed anew for each request.
[[nodiscard]] std::string file_address(const Json& file);

}  // namespace twin::feature::notion
