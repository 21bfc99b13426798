// Exports of WordPress: cutting the file into items, and the items with their shortcodes.
#include "check.h"
#include "feature/sources/wordpress_export/items.h"
#include "fuzz.h"

using namespace twin;
using namespace twin::feature;

namespace {

/// The items, fed in pieces of this size; where they are cut must not matter.
std::vector<std::string> items_of(std::string_view bytes, std::size_t piece) {
  std::vector<std::string> out;
  wordpress::ItemSplitter splitter(
      8000, [](std::string_view head) { (void)wordpress::parse_channel(head); },
      [&](std::string_view item) {
        out.emplace_back(item);
        return out.size() < 20;
      });
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    const auto going = splitter.feed(bytes.substr(0, piece));
    if (!going || !*going) return out;
  }
  const auto end = splitter.finish();
  fuzz::require(end || !end.error().message.empty(), "an error says what happened");
  return out;
}

}  // namespace

TWIN_FUZZ(wxr, bytes) {
  const auto items = items_of(bytes, 7);
  // One larger than the limit is found earlier or later.
  if (bytes.size() < 8000) fuzz::require(items == items_of(bytes, bytes.size()), "pieces make no difference");
  for (const auto& xml : items) {
    const auto item = wordpress::parse_item(xml);
    if (!item) continue;
    int removed = 0;
    const std::string html = wordpress::html_of(item->content, removed);
    fuzz::require(removed >= 0, "removals are counted");
    fuzz::clean_as("text/html", html);
  }
  int removed = 0;
  (void)wordpress::html_of(text::repair_utf8(bytes), removed);
}
