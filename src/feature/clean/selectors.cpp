#include "feature/clean/selectors.h"

#include <algorithm>
#include <bitset>
#include <optional>
#include <unordered_map>

#include "core/text/ascii.h"
#include "core/text/unicode.h"
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
  const bool lower = std::all_of(out.tag.begin(), out.tag.end(), text::is_ascii_lower);
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

std::size_t sieve_bit(std::string_view word) {
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(word[i])); };
  return (byte(0) ^ byte(word.size() - 1) << 3u ^ word.size() << 5u) & 1023u;
}

/// "div", "div.note", "#comments": what stands between ">".
struct Step {
  std::string_view tag;
  std::optional<Simple> named;
};

std::optional<std::vector<Step>> child_steps(std::string_view selector) {
  std::vector<Step> steps;
  for (const std::string_view part : text::split(selector, '>')) {
    const std::string_view step = text::trim(part);
    const bool lower = std::all_of(step.begin(), step.end(), text::is_ascii_lower);
    auto named = lower ? std::nullopt : simple(step);
    if (step.empty() || !(lower || named)) return std::nullopt;
    steps.push_back({lower ? step : named->tag, named});
  }
  return steps;
}

bool fits(const Node* node, const Step& step) {
  if (!step.tag.empty() && name(node) != step.tag) return false;
  if (!step.named) return true;
  if (step.named->id) return id_of(node) == step.named->name;
  bool found = false;
  each_word(class_of(node), [&](std::string_view word) { found = found || word == step.named->name; });
  return found;
}

bool fits(const PageMap& page, std::size_t index, const std::vector<Step>& steps) {
  for (std::size_t i = steps.size(); i-- > 0; index = page[index].parent) {
    if (!fits(page[index].node, steps[i])) return false;
    if (index == 0 && i > 0) return false;
  }
  return true;
}

}  // namespace

Result<std::vector<std::size_t>> match_selector(const Document& document, const PageMap& page,
                                                const std::string& selector) {
  std::vector<std::size_t> out;
  if (const auto steps = child_steps(selector)) {
    for (std::size_t i = 0; i < page.size(); ++i) {
      if (fits(page, i, *steps)) out.push_back(i);
    }
    return out;
  }
  const auto nodes = document.select(document.root(), selector);
  if (!nodes) return tl::unexpected(nodes.error());
  for (const Node* node : *nodes) {
    if (mark_of(node) != 0) out.push_back(page.index_of(node));
  }
  return out;
}

Result<std::vector<SelectorMatch>> match_selectors(const Document& document, const PageMap& page,
                                                   const std::vector<std::string>& selectors) {
  struct Entry {
    std::string_view tag;
    std::size_t order;
  };
  std::unordered_multimap<std::string_view, Entry> classes, ids;
  constexpr std::size_t none = static_cast<std::size_t>(-1);
  std::vector<std::size_t> first(page.size(), none);  // by element: the selector that matches
  std::bitset<1024> sieve;                            // of the names: most words of a page are none
  for (std::size_t order = 0; order < selectors.size(); ++order) {
    if (const auto plain = simple(selectors[order])) {
      (plain->id ? ids : classes).emplace(plain->name, Entry{plain->tag, order});
      sieve.set(sieve_bit(plain->name));
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
      if (!sieve.test(sieve_bit(word))) return;
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
