// An HTML5 document tree by lexbor, with limits: what the HTML cleaner walks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

// lexbor's own types, so that only .cpp files include it.
struct lxb_dom_node;

namespace twin::feature::html {

using Node = lxb_dom_node;

struct ParseLimits {
  int max_depth = 400;           ///< start tags below are ignored; their text is kept
  int max_elements = 2'000'000;  ///< more: ErrorKind::limit
};

/// A parsed page. Nodes belong to it and live as long as it does.
class Document {
 public:
  /// Never fails on broken markup (HTML5 defines what it means); fails with ErrorKind::limit when the page is too big.
  [[nodiscard]] static Result<Document> parse(std::string_view utf8, const ParseLimits& limits = {});
  ~Document();
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;

  [[nodiscard]] Node* root() const;
  [[nodiscard]] Node* head() const;
  [[nodiscard]] Node* body() const;
  /// How many start tags were ignored because of the depth limit.
  [[nodiscard]] int flattened() const;
  /// Elements below `scope` that match, in document order. An invalid selector is ErrorKind::usage.
  [[nodiscard]] Result<std::vector<Node*>> select(Node* scope, const std::string& selector) const;

 private:
  struct State;
  explicit Document(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

[[nodiscard]] bool is_element(const Node* node);
[[nodiscard]] bool is_text(const Node* node);
[[nodiscard]] Node* first_child(const Node* node);
[[nodiscard]] Node* next_sibling(const Node* node);
[[nodiscard]] Node* parent(const Node* node);
/// Lower-case element name; empty for anything else.
[[nodiscard]] std::string_view name(const Node* node);
/// Data of a text node.
[[nodiscard]] std::string_view data(const Node* node);
/// Value of an attribute; empty when absent.
[[nodiscard]] std::string_view attribute(const Node* node, std::string_view key);
[[nodiscard]] bool has_attribute(const Node* node, std::string_view key);
[[nodiscard]] bool has_class(const Node* node, std::string_view token);
/// Whether `name` is one of the words of a space-separated list.
[[nodiscard]] bool one_of(std::string_view name, std::string_view words);
/// All text below a node, as it stands.
[[nodiscard]] std::string text_content(const Node* node);
/// Number of bytes of text below a node that are not ASCII white space.
[[nodiscard]] std::size_t text_length(const Node* node);
/// Takes a node out of the tree.
void detach(Node* node);

/// Visits a node and everything below it, in document order, without recursion. The visitor returns false to leave out
/// what is below the node; it must not detach nodes.
void walk(Node* root, const std::function<bool(Node*)>& visit);
/// The next node in document order within `root`, not going below `node`; null at the end.
[[nodiscard]] Node* next_skipping_children(const Node* root, Node* node);

/// The node and everything below it as HTML.
[[nodiscard]] std::string outer_html(const Node* node);

}  // namespace twin::feature::html
