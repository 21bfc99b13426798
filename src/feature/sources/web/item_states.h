// The cursor of a source that reads item by item: what state each item was in when it was read.
#pragma once

#include <map>
#include <string>

namespace twin::feature::web {

/// One line an item: 16 hex digits of the URL's hash and 16 of its state's (a time of modification, an ETag …). Items
/// that failed are not in it, so that they are read again.
class ItemStates {
 public:
  /// From the cursor of the run before; one of another form counts as empty.
  explicit ItemStates(const std::string& cursor);
  /// Whether the item was read in this very state. An empty state is never known. If so, it is kept.
  [[nodiscard]] bool unchanged(const std::string& url, const std::string& state);
  /// The item was read now.
  void read(const std::string& url, const std::string& state);
  /// The item is there but was not wanted: what was known of it stays known.
  void carry(const std::string& url);
  /// For the next run: sorted, so that the same items give the same bytes.
  [[nodiscard]] std::string cursor() const;

 private:
  std::map<std::string, std::string> before_, now_;
};

}  // namespace twin::feature::web
