#include "models/registry/charsmap.h"

#include <bit>
#include <cstring>
#include <deque>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace twin::models {
namespace {

static_assert(std::endian::native == std::endian::little, "the table is written as the machine has it");

// A unit: label in bits 0 to 7, "a key ends here" in bit 8, offset to the children in bits 10 to 30; a value has
// bit 31.
constexpr std::uint32_t leaf_bit = 1u << 8;
constexpr std::uint32_t value_bit = 1u << 31;
constexpr unsigned offset_shift = 10;
constexpr std::size_t block = 256;  // children of a node lie in one block: their place is base ^ label

struct Node {
  std::map<unsigned char, std::size_t> children;
  std::optional<std::uint32_t> value;  // offset of the replacement
};

std::vector<Node> make_trie(const std::map<std::string, std::string>& replacements, std::string& pool) {
  std::vector<Node> nodes(1);
  for (const auto& [from, to] : replacements) {
    std::size_t at = 0;
    for (const char c : from) {
      auto [child, fresh] = nodes[at].children.try_emplace(static_cast<unsigned char>(c), nodes.size());
      at = child->second;
      if (fresh) nodes.emplace_back();
    }
    nodes[at].value = static_cast<std::uint32_t>(pool.size());
    pool += to;
    pool += '\0';
  }
  return nodes;
}

class DoubleArray {
 public:
  explicit DoubleArray(const std::vector<Node>& nodes) : nodes_(nodes) {
    grow(block);
    used_[0] = true;
    for (std::deque<std::pair<std::size_t, std::size_t>> todo = {{0, 0}}; !todo.empty(); todo.pop_front()) {
      const auto [node, place] = todo.front();
      for (const auto& [label, child] : nodes_[node].children) todo.emplace_back(child, set(node, place) ^ label);
      if (nodes_[node].children.empty()) set(node, place);
    }
  }
  [[nodiscard]] const std::vector<std::uint32_t>& units() const { return units_; }

 private:
  /// Gives the children of a node their places, once, and returns their base.
  std::size_t set(std::size_t node, std::size_t place) {
    if (const auto known = bases_.find(node); known != bases_.end()) return known->second;
    std::size_t base = 1;
    while (!fits(nodes_[node], base)) ++base;
    bases_[node] = base;
    taken_bases_.insert(base);
    for (const auto& [label, child] : nodes_[node].children) {
      used_[base ^ label] = true;
      units_[base ^ label] = label;
    }
    if (nodes_[node].value) {
      used_[base] = true;
      units_[base] = *nodes_[node].value | value_bit;
    }
    units_[place] |= static_cast<std::uint32_t>(place ^ base) << offset_shift;
    if (nodes_[node].value) units_[place] |= leaf_bit;
    return base;
  }

  /// A base belongs to one node only: else the children of one would be taken for those of the other.
  bool fits(const Node& node, std::size_t base) {
    if (taken_bases_.contains(base)) return false;
    if (base >= units_.size()) grow(units_.size() + block);
    if (node.value && used_[base]) return false;
    for (const auto& [label, child] : node.children) {
      if (used_[base ^ label]) return false;
    }
    return true;
  }

  void grow(std::size_t size) {
    units_.resize(size, 0);
    used_.resize(size, false);
  }

  const std::vector<Node>& nodes_;
  std::vector<std::uint32_t> units_;
  std::vector<bool> used_;
  std::map<std::size_t, std::size_t> bases_;
  std::set<std::size_t> taken_bases_;
};

}  // namespace

std::string make_charsmap(const std::map<std::string, std::string>& replacements) {
  std::string pool;
  const auto nodes = make_trie(replacements, pool);
  const DoubleArray array(nodes);
  const auto bytes = static_cast<std::uint32_t>(array.units().size() * sizeof(std::uint32_t));
  std::string out(sizeof bytes + bytes, '\0');
  std::memcpy(out.data(), &bytes, sizeof bytes);
  std::memcpy(out.data() + sizeof bytes, array.units().data(), bytes);
  return out + pool;
}

}  // namespace twin::models
