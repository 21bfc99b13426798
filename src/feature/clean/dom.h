// An HTML5 document tree by lexbor, with limits: what the HTML cleaner walks.
#pragma once

#include <bitset>
#include <cstddef>
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
  /// The <html> element.
  [[nodiscard]] Node* html() const;
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
[[nodiscard]] Node* previous_sibling(const Node* node);
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

/// The class and id attributes, without a look-up.
[[nodiscard]] std::string_view class_of(const Node* node);
[[nodiscard]] std::string_view id_of(const Node* node);
/// Attributes one after the other: `at` is null at first. False at the end.
bool next_attribute(const Node* node, const void*& at, std::string_view& key, std::string_view& value);
/// A small number for the name of a standard element; 0 for anything else.
[[nodiscard]] unsigned tag_of(const Node* node);

/// That number by name; one that HTML does not know is a bug.
[[nodiscard]] unsigned tag_of_name(std::string_view name);

/// Names of standard elements, asked for in one step.
class TagSet {
 public:
  explicit TagSet(std::string_view names);  ///< separated by spaces; one that HTML does not know is a bug
  [[nodiscard]] bool has(unsigned tag) const { return tags_[tag]; }
  [[nodiscard]] bool has(const Node* node) const { return tags_[tag_of(node)]; }
  static constexpr std::size_t size = 256;

 private:
  std::bitset<size> tags_;
};

/// A number that an analysis keeps at a node; 0 until it is set.
[[nodiscard]] std::size_t mark_of(const Node* node);
void set_mark(Node* node, std::size_t mark);

/// Visits a node and everything below it, in document order, without recursion. The visitor returns false to leave out
/// what is below the node; it must not detach nodes.
void walk(Node* root, const std::function<bool(Node*)>& visit);
/// The next node in document order within `root`, not going below `node`; null at the end.
[[nodiscard]] Node* next_skipping_children(const Node* root, Node* node);

/// The node and everything below it as HTML.
[[nodiscard]] std::string outer_html(const Node* node);

}  // namespace twin::feature::html
