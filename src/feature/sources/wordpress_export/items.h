// A WXR file (WordPress eXtended RSS) read item by item, however large it is.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace twin::feature::wordpress {

struct Item {
  std::string title, link, guid, creator, content, id, slug, status, type;
  bool locked = false;  ///< behind a password
  UnixMillis published = 0;
  std::vector<std::string> tags, categories;
};

/// Cuts a stream into its <item> elements, text of CDATA sections not taken for tags. Memory: one item.
class ItemSplitter {
 public:
  /// `head` gets what stands before the first item (the channel), `item` each item as XML; false stops.
  ItemSplitter(std::size_t max_item_bytes, std::function<void(std::string_view)> head,
               std::function<bool(std::string_view)> item)
      : max_item_bytes_(max_item_bytes), head_(std::move(head)), item_(std::move(item)) {}

  /// Further bytes; false when stopped. An item larger than the limit is ErrorKind::limit.
  [[nodiscard]] Result<bool> feed(std::string_view bytes);
  /// ErrorKind::invalid when the file ends in the middle of an item, or has no channel.
  [[nodiscard]] Result<void> finish();

 private:
  [[nodiscard]] Result<bool> cut(std::size_t& done);
  std::size_t max_item_bytes_;
  std::function<void(std::string_view)> head_;
  std::function<bool(std::string_view)> item_;
  std::string buffer_;
  std::size_t at_ = 0;  ///< scanned so far
  bool in_item_ = false, in_text_ = false, head_done_ = false;
};

struct Channel {
  std::string title, language;
  std::map<std::string, std::string> authors;  ///< login → name as shown
};

[[nodiscard]] Channel parse_channel(std::string_view head);
[[nodiscard]] Result<Item> parse_item(std::string_view xml);

/// The content as HTML: what editors of before 2018 left out (<p>) is put in, shortcodes for captions, code and links
/// become elements, those for galleries, forms and page builders go. `removed` counts the latter.
[[nodiscard]] std::string html_of(const std::string& content, int& removed);

}  // namespace twin::feature::wordpress
