#include "feature/clean/main_content.h"

#include <algorithm>
#include <set>
#include <vector>

namespace twin::feature::html {
namespace {

/// Never writing, wherever it stands.
constexpr std::string_view chrome_elements =
    "script style template noscript nav iframe object embed svg canvas dialog menu";
constexpr std::string_view chrome_roles =
    "navigation banner contentinfo complementary search menu menubar dialog alert";
/// A form around this share of the page's text is the page (old ASP.NET), not a form.
constexpr double form_share = 0.5;

bool has_ancestor(const Node* node, std::string_view names) {
  for (node = parent(node); node != nullptr; node = parent(node)) {
    if (one_of(name(node), names)) return true;
  }
  return false;
}

bool contains(Node* root, std::string_view names) {
  bool found = false;
  walk(root, [&](Node* node) {
    found = found || (node != root && one_of(name(node), names));
    return !found;
  });
  return found;
}

/// Why an element is chrome; empty when it is not.
std::string chrome_reason(Node* node, std::size_t page_text, const std::set<const Node*>& kept) {
  const std::string_view element = name(node);
  if (element.empty() || kept.contains(node)) return {};
  if (one_of(element, chrome_elements)) return std::string(element);
  if (one_of(attribute(node, "role"), chrome_roles)) return "role=" + std::string(attribute(node, "role"));
  if (has_attribute(node, "hidden")) return "hidden";
  if (attribute(node, "aria-hidden") == "true" && !contains(node, "p pre img h1 h2 h3")) return "aria-hidden";
  // The header of an article holds its title and lead; that of the page does not.
  if (element == "header" && !has_ancestor(node, "article main section")) return contains(node, "h1 p") ? "" : "header";
  if (element == "footer" && !has_ancestor(node, "blockquote figure")) return "footer";
  if (element == "aside") return "aside";
  if (element == "form" && static_cast<double>(text_length(node)) < form_share * static_cast<double>(page_text)) {
    return "form";
  }
  return {};
}

std::size_t link_length(Node* root) {
  std::size_t length = 0;
  walk(root, [&](Node* node) {
    if (name(node) != "a") return true;
    length += text_length(node);
    return false;
  });
  return length;
}

bool has_block_child(Node* node) {
  for (Node* child = first_child(node); child != nullptr; child = next_sibling(child)) {
    if (one_of(name(child), "p div section article ul ol dl table pre blockquote h1 h2 h3 h4 h5 h6")) return true;
  }
  return false;
}

bool is_paragraph(Node* node) {
  if (one_of(name(node), "p pre") || has_class(node, "para")) return true;
  return one_of(name(node), "li td dd blockquote div") && !has_block_child(node);
}

/// Text of paragraphs counts for the element around them, and half for the one around that (as in Readability).
Node* densest(Node* body) {
  std::map<const Node*, double> scores;
  std::vector<Node*> order;
  walk(body, [&](Node* node) {
    if (node == body || !is_paragraph(node)) return true;
    const auto text = static_cast<double>(text_length(node));
    const double score = text - static_cast<double>(link_length(node)) * 1.5;
    if (Node* up = parent(node); score > 20 && up != nullptr) {
      if (scores.emplace(up, 0.0).second) order.push_back(up);
      scores[up] += score;
      if (Node* above = parent(up); above != nullptr && up != body && is_element(above)) {
        if (scores.emplace(above, 0.0).second) order.push_back(above);
        scores[above] += score / 2;
      }
    }
    return false;
  });
  Node* best = nullptr;
  for (Node* node : order) {
    if (best == nullptr || scores[node] > scores[best]) best = node;
  }
  if (best == nullptr) return nullptr;
  // One section of many: go up until the element holds most of the page. A list or a row is never the whole.
  const std::size_t all = text_length(body);
  while (best != body && parent(best) != nullptr &&
         (text_length(best) * 10 < all * 6 || one_of(name(best), "ul ol li dl table tbody thead tr"))) {
    best = parent(best);
  }
  return best;
}

/// Of several articles on a page: the one that holds most of their text, else none.
Node* dominant(const std::vector<Node*>& nodes) {
  std::size_t all = 0, most = 0;
  Node* best = nullptr;
  for (Node* node : nodes) {
    if (has_ancestor(node, "article")) continue;
    const std::size_t length = text_length(node);
    all += length;
    if (length > most) {
      most = length;
      best = node;
    }
  }
  return most * 10 > all * 6 ? best : nullptr;
}

}  // namespace

Result<std::map<std::string, int>> drop_chrome(const Document& document, const CleanRules& rules) {
  std::map<std::string, int> removed;
  std::set<const Node*> kept;
  for (const auto& selector : rules.quote_selectors) {
    const auto nodes = document.select(document.root(), selector);
    if (!nodes) return tl::unexpected(nodes.error());
    kept.insert(nodes->begin(), nodes->end());
  }
  for (const auto& selector : rules.drop_selectors) {
    const auto nodes = document.select(document.root(), selector);
    if (!nodes) return tl::unexpected(nodes.error());
    for (Node* node : *nodes) {
      if (one_of(name(node), "html body head")) continue;
      detach(node);
      ++removed[selector];
    }
  }
  Node* body = document.body();
  if (body == nullptr) return removed;
  const std::size_t page_text = text_length(body);
  std::vector<Node*> chrome;
  walk(body, [&](Node* node) {
    const std::string reason = node == body ? "" : chrome_reason(node, page_text, kept);
    if (reason.empty()) return true;
    ++removed[reason];
    chrome.push_back(node);
    return false;
  });
  for (Node* node : chrome) detach(node);
  return removed;
}

Result<MainContent> find_main(const Document& document, const CleanRules& rules) {
  Node* body = document.body();
  for (const auto& selector : rules.main_selectors) {
    const auto nodes = document.select(document.root(), selector);
    if (!nodes) return tl::unexpected(nodes.error());
    const auto holds_text = std::find_if(nodes->begin(), nodes->end(), [](Node* n) { return text_length(n) > 0; });
    if (holds_text != nodes->end()) return MainContent{*holds_text, selector};
  }
  if (body == nullptr) return MainContent{document.root(), "document"};
  for (const std::string selector : {"article", "main", "[role=main]"}) {
    const auto nodes = document.select(body, selector);
    if (!nodes) return tl::unexpected(nodes.error());
    if (Node* node = dominant(*nodes)) return MainContent{node, selector};
  }
  if (Node* node = densest(body)) return MainContent{node, node == body ? "body" : "density"};
  return MainContent{body, "body"};
}

}  // namespace twin::feature::html
