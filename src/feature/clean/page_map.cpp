#include "feature/clean/page_map.h"

#include <array>

namespace twin::feature::html {
namespace {

/// Columns that a byte of UTF-8 adds: white space and continuation bytes none; the first bytes of Hangul, kana and
/// ideographs (U+2E80 and above) two.
constexpr std::array<std::uint8_t, 256> byte_columns = [] {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t byte = 0x21; byte < 0x80; ++byte) table[byte] = 1;
  for (std::size_t byte = 0xC2; byte < 0xF5; ++byte) table[byte] = byte >= 0xE3 && byte <= 0xED ? 2 : 1;
  return table;
}();

const TagSet& unseen_tags() {
  static const TagSet tags("script style template");
  return tags;
}

}  // namespace

std::uint32_t columns_of(std::string_view utf8) {
  std::uint32_t sum = 0;
  for (const char c : utf8) sum += byte_columns[static_cast<unsigned char>(c)];
  return sum;
}

const TagSet& block_tags() {
  static const TagSet tags(
      "address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form "
      "h1 h2 h3 h4 h5 h6 header hgroup hr html li legend main menu nav ol p pre section summary table tbody td tfoot "
      "th thead tr ul caption");
  return tags;
}

PageMap::PageMap(Node* root) {
  static const unsigned link = tag_of_name("a");
  elements_.reserve(1024);
  std::vector<std::size_t> open;  // elements around the current node
  for (Node* node = root; node != nullptr;) {
    if (is_element(node)) {
      const std::size_t index = elements_.size();
      Element& element = elements_.emplace_back();
      element.node = node;
      element.tag = static_cast<std::uint8_t>(tag_of(node));
      set_mark(node, index + 1);
      if (!open.empty()) {
        const Element& up = elements_[open.back()];
        element.parent = static_cast<std::uint32_t>(open.back());
        element.in_link = up.in_link;
        element.block = up.block;
      }
      if (element.tag == link && has_attribute(node, "href")) element.in_link = true;
      if (index == 0 || block_tags().has(element.tag)) element.block = static_cast<std::uint32_t>(index);
    } else if (is_text(node) && !open.empty()) {
      elements_[open.back()].own += columns_of(data(node));
    }
    const bool seen = !is_element(node) || !unseen_tags().has(node);
    if (is_element(node) && seen && first_child(node) != nullptr) {
      open.push_back(elements_.size() - 1);
      node = first_child(node);
      continue;
    }
    if (is_element(node)) elements_.back().end = static_cast<std::uint32_t>(elements_.size());
    while (node != root && next_sibling(node) == nullptr) {
      node = parent(node);
      elements_[open.back()].end = static_cast<std::uint32_t>(elements_.size());
      open.pop_back();
    }
    node = node == root ? nullptr : next_sibling(node);
  }
}

std::size_t PageMap::index_of(const Node* node) const {
  while (node != nullptr && !is_element(node)) node = parent(node);
  const std::size_t mark = node == nullptr ? 0 : mark_of(node);
  return mark == 0 || mark > elements_.size() ? 0 : mark - 1;
}

void PageMap::remove(std::size_t index, std::string_view reason) {
  auto found = reason_index_.find(reason);
  if (found == reason_index_.end()) {
    found = reason_index_.emplace(reason, static_cast<std::uint16_t>(reasons_.size())).first;
    reasons_.emplace_back(reason);
  }
  elements_[index].reason = found->second;
}

bool PageMap::is_removed(const Node* node) const {
  for (std::size_t index = index_of(node);; index = elements_[index].parent) {
    if (elements_[index].reason != 0) return true;
    if (index == 0) return false;
  }
}

bool PageMap::removed_above(std::size_t index, std::size_t top) const {
  for (; index > top; index = elements_[index].parent) {
    if (elements_[index].reason != 0) return true;
  }
  return false;
}

void PageMap::weigh() {
  for (Element& element : elements_) element.text = element.links = element.run = element.run_links = 0;
  for (std::size_t i = 0; i < elements_.size(); ++i) {
    Element& element = elements_[i];
    if (element.reason != 0) {  // nor what is below it
      i = element.end - 1;
      continue;
    }
    element.text = element.own;
    element.links = element.in_link ? element.own : 0;
    elements_[element.block].run += element.own;
    if (element.in_link) elements_[element.block].run_links += element.own;
  }
  for (std::size_t i = elements_.size(); i-- > 1;) {
    Element& up = elements_[elements_[i].parent];
    up.text += elements_[i].text;
    up.links += elements_[i].links;
  }
}

}  // namespace twin::feature::html
