// The elements of a page in document order, with what the extraction of the main content asks of each again and again,
// and which of them were taken out and why. Nothing is detached: a removal can be looked at, and undone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "feature/clean/dom.h"

namespace twin::feature::html {

/// Lengths are in columns: a Hangul syllable or an ideograph says as much as two letters, white space says nothing.
struct Element {
  Node* node = nullptr;
  std::uint32_t parent = 0;  ///< index; of the first element its own
  std::uint32_t end = 0;     ///< the elements below it are those from its index + 1 up to here
  std::uint32_t block = 0;   ///< the block that its text runs in: itself, or the nearest above
  std::uint16_t reason = 0;  ///< why it was taken out; 0: it was not
  std::uint8_t tag = 0;
  bool in_link = false;     ///< it is a link or stands in one
  std::uint32_t own = 0;    ///< text directly in it
  std::uint32_t hints = 0;  ///< Hint bits of its class and id
  // Set by PageMap::weigh(), without what was taken out:
  std::uint32_t text = 0;       ///< in it and below
  std::uint32_t links = 0;      ///< of that, in links
  std::uint32_t run = 0;        ///< of a block: its text outside the blocks below it
  std::uint32_t run_links = 0;  ///< of that, in links
};

class PageMap {
 public:
  explicit PageMap(Node* root);

  [[nodiscard]] std::size_t size() const { return elements_.size(); }
  [[nodiscard]] Element& operator[](std::size_t index) { return elements_[index]; }
  [[nodiscard]] const Element& operator[](std::size_t index) const { return elements_[index]; }
  /// Where an element of this page is in the map; for other nodes, where their parent is.
  [[nodiscard]] std::size_t index_of(const Node* node) const;
  [[nodiscard]] bool inside(std::size_t index, std::size_t ancestor) const {
    return index >= ancestor && index < elements_[ancestor].end;
  }

  /// Takes an element out with everything below it. The sums stay until weigh() is called.
  void remove(std::size_t index, std::string_view reason);
  /// Whether the element itself or one above it was taken out.
  [[nodiscard]] bool is_removed(const Node* node) const;
  /// Whether the element or one between it and `top` was taken out.
  [[nodiscard]] bool removed_above(std::size_t index, std::size_t top) const;
  [[nodiscard]] bool removed_itself(const Node* node) const { return elements_[index_of(node)].reason != 0; }
  [[nodiscard]] const std::string& reason_of(std::size_t index) const { return reasons_[elements_[index].reason]; }

  /// Recomputes the sums. Linear in the number of elements.
  void weigh();

 private:
  std::vector<Element> elements_;
  std::vector<std::string> reasons_{std::string()};
  std::map<std::string, std::uint16_t, std::less<>> reason_index_;
};

/// Length of a text in columns, white space left out.
[[nodiscard]] std::uint32_t columns_of(std::string_view utf8);

/// Elements that start a line of their own.
[[nodiscard]] const TagSet& block_tags();

}  // namespace twin::feature::html
