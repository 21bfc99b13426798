// Fetching the block tree.
#include "feature/sources/notion/blocks.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "feature/sources/json/fields.h"

namespace twin::feature::notion {
namespace {

class TreeReader {
 public:
  TreeReader(Api& api, const BlockLimits& limits, BlockTree& tree) : api_(api), limits_(limits), tree_(tree) {}

  /// The children of a block or page. `above`: the ids whose children are being read.
  Result<void> read(const std::string& parent, std::vector<Block>& into, std::vector<std::string>& above) {
    if (std::ssize(above) >= limits_.max_depth) {
      tree_.notes.push_back({ErrorKind::limit, tr("Blocks nested deeper than {} were left out", limits_.max_depth),
                             page_url(parent), tr("Raise max_depth of this source")});
      return {};
    }
    bool full = false;
    std::vector<bool> deeper;
    const auto done = api_.each("/v1/blocks/" + dashed(parent) + "/children", nullptr, [&](const Json& item) {
      if (++count_ > limits_.max_blocks) {
        full = true;
        return false;
      }
      if (json::flag(item, "in_trash") || json::flag(item, "archived")) return true;
      Block block;
      block.type = json::text(item, "type");
      block.data = std::make_shared<const Json>(json::member(item, block.type));
      block.id = id_of(json::text(item, "id"));
      deeper.push_back(json::flag(item, "has_children"));
      into.push_back(std::move(block));
      return true;
    });
    if (!done) return tl::unexpected(done.error());
    if (full && !noted_full_) {
      noted_full_ = true;
      tree_.notes.push_back({ErrorKind::limit, tr("Only the first {} blocks were read", limits_.max_blocks),
                             page_url(parent), tr("Raise max_blocks of this source")});
    }
    above.push_back(parent);
    for (std::size_t i = 0; i < into.size(); ++i) {
      if (auto below = descend(into[i], deeper[i], above); !below) return below;
    }
    above.pop_back();
    return {};
  }

 private:
  Result<void> descend(Block& block, bool has_children, std::vector<std::string>& above) {
    if (block.type == "child_page") {
      tree_.pages.push_back(block.id);
      return {};
    }
    if (block.type == "child_database") {
      tree_.databases.push_back(block.id);
      return {};
    }
    if (!has_children) return {};
    std::string from = block.id;
    const Json& original = json::member(block.content(), "synced_from");
    if (block.type == "synced_block" && original.is_object()) {
      from = id_of(json::text(original, "block_id"));
      if (from.empty()) from = block.id;
    }
    if (std::find(above.begin(), above.end(), from) != above.end()) {
      tree_.notes.push_back({ErrorKind::invalid,
                             tr("A synced block holds itself; the inner one was left out"),
                             page_url(above.front()),
                             {}});
      return {};
    }
    auto done = read(from, block.children, above);
    if (!done && done.error().kind == ErrorKind::not_found && from != block.id) {
      tree_.notes.push_back({ErrorKind::not_found, tr("The original of a synced block is not shared"),
                             page_url(above.front()), done.error().hint});
      return {};
    }
    return done;
  }

  Api& api_;
  const BlockLimits& limits_;
  BlockTree& tree_;
  int count_ = 0;
  bool noted_full_ = false;
};

}  // namespace

Result<BlockTree> read_blocks(Api& api, const std::string& page, const BlockLimits& limits) {
  BlockTree tree;
  std::vector<std::string> above;
  const auto done = TreeReader(api, limits, tree).read(id_of(page), tree.blocks, above);
  if (!done) return tl::unexpected(done.error());
  return tree;
}

}  // namespace twin::feature::notion
