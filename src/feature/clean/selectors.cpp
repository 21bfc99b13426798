#include "feature/clean/selectors.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "feature/clean/characters.h"

namespace twin::feature::html {
namespace {

/// "div.note", ".share", "#comments".
struct Simple {
  std::string_view tag, name;
  bool id = false;
};

bool is_name(std::string_view text) {
  return !text.empty() && !is_digit(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_word(c) || c == '-' || c == '_'; });
}

std::optional<Simple> simple(std::string_view selector) {
  const std::size_t at = selector.find_first_of(".#");
  if (at == std::string_view::npos) return std::nullopt;
  Simple out{selector.substr(0, at), selector.substr(at + 1), selector[at] == '#'};
  const bool lower = std::all_of(out.tag.begin(), out.tag.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (!lower || !is_name(out.name)) return std::nullopt;
  return out;
}

template <class Visit>
void each_word(std::string_view names, Visit visit) {
  for (std::size_t at = 0; at < names.size();) {
    while (at < names.size() && is_space(names[at])) ++at;
    std::size_t end = at;
    while (end < names.size() && !is_space(names[end])) ++end;
    if (end > at) visit(names.substr(at, end - at));
    at = end;
  }
}

}  // namespace

Result<std::vector<SelectorMatch>> match_selectors(const Document& document, const PageMap& page,
                                                   const std::vector<std::string>& selectors) {
  struct Entry {
    std::string_view tag;
    std::size_t order;
  };
  std::unordered_multimap<std::string_view, Entry> classes, ids;
  constexpr std::size_t none = static_cast<std::size_t>(-1);
  std::vector<std::size_t> first(page.size(), none);  // by element: the selector that matches
  for (std::size_t order = 0; order < selectors.size(); ++order) {
    if (const auto plain = simple(selectors[order])) {
      (plain->id ? ids : classes).emplace(plain->name, Entry{plain->tag, order});
      continue;
    }
    const auto nodes = document.select(document.root(), selectors[order]);
    if (!nodes) return tl::unexpected(nodes.error());
    for (const Node* node : *nodes) {
      if (mark_of(node) == 0) continue;
      auto& entry = first[page.index_of(node)];
      entry = std::min(entry, order);
    }
  }
  for (std::size_t i = 0; i < page.size() && !(classes.empty() && ids.empty()); ++i) {
    const auto look_up = [&](const auto& table, std::string_view word) {
      const auto [begin, end] = table.equal_range(word);
      for (auto it = begin; it != end; ++it) {
        if (it->second.tag.empty() || it->second.tag == name(page[i].node))
          first[i] = std::min(first[i], it->second.order);
      }
    };
    if (!classes.empty()) each_word(class_of(page[i].node), [&](std::string_view word) { look_up(classes, word); });
    if (const auto id = id_of(page[i].node); !id.empty()) look_up(ids, id);
  }
  std::vector<SelectorMatch> out;
  for (std::size_t i = 0; i < page.size(); ++i) {
    if (first[i] != none) out.push_back({i, selectors[first[i]]});
  }
  return out;
}

}  // namespace twin::feature::html
