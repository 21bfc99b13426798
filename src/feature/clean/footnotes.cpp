// Footnotes as blog engines, Pandoc and DocBook write them.
#include <algorithm>
#include <string>

#include "feature/clean/markdown_writer.h"

namespace twin::feature::html {
namespace {

constexpr std::string_view note_elements = "li p div dd aside section td";

std::string fragment(const Node* link) {
  const auto href = attribute(link, "href");
  const auto hash = href.find('#');
  return hash == std::string_view::npos ? std::string() : std::string(href.substr(hash + 1));
}

/// A mark looks like one: raised, or called a footnote, or a bracketed number.
bool is_mark(const Node* link) {
  if (attribute(link, "role") == "doc-noteref" || attribute(link, "class").find("footnote") != std::string_view::npos) {
    return attribute(link, "role") != "doc-backlink" &&
           attribute(link, "class").find("back") == std::string_view::npos &&
           attribute(link, "class").find("reverse") == std::string_view::npos;
  }
  for (const Node* node = parent(link); node != nullptr && is_element(node); node = parent(node)) {
    if (name(node) == "sup") return true;
    if (!one_of(name(node), "span em b strong a")) break;
  }
  for (const Node* child = first_child(link); child != nullptr; child = next_sibling(child)) {
    if (name(child) == "sup") return true;
  }
  return false;
}

bool inside(const Node* node, const Node* ancestor) {
  for (; node != nullptr; node = parent(node)) {
    if (node == ancestor) return true;
  }
  return false;
}

/// The block that is the note: the target itself, or what holds a bare target anchor.
Node* note_of(Node* target) {
  for (Node* node = target; node != nullptr && is_element(node); node = parent(node)) {
    if (one_of(name(node), note_elements)) return node;
    if (!one_of(name(node), "a span sup b strong em small")) return nullptr;
  }
  return nullptr;
}

/// A link inside a note leads back, however much it looks like a mark.
bool inside_note(const Node* link, const std::map<Node*, std::string>& labels) {
  return std::any_of(labels.begin(), labels.end(), [&](const auto& entry) { return inside(link, entry.first); });
}

/// The rule that sets the notes off from the text.
void skip_rules(Node* note, WriterContext& context) {
  for (Node* node = parent(note); node != nullptr && is_element(node); node = parent(node)) {
    const bool holder = attribute(node, "class").find("footnotes") != std::string_view::npos ||
                        attribute(node, "role") == "doc-endnotes";
    for (Node* child = first_child(node); holder && child != nullptr; child = next_sibling(child)) {
      if (name(child) == "hr") context.skipped.insert(child);
    }
  }
}

}  // namespace

void find_footnotes(const Document& document, Node* root, WriterContext& context) {
  std::map<std::string, Node*, std::less<>> targets;
  std::vector<Node*> links;
  walk(document.root(), [&](Node* node) {
    if (const auto id = attribute(node, "id"); !id.empty()) targets.emplace(id, node);
    if (name(node) == "a") {
      if (const auto anchor = attribute(node, "name"); !anchor.empty()) targets.emplace(anchor, node);
      if (has_attribute(node, "href")) links.push_back(node);
    }
    return true;
  });

  std::map<Node*, std::string> labels;
  for (Node* link : links) {
    if (!inside(link, root) || !is_mark(link) || inside_note(link, labels)) continue;
    const auto target = targets.find(fragment(link));
    Node* note = target == targets.end() ? nullptr : note_of(target->second);
    if (note == nullptr || inside(link, note) || inside(root, note)) continue;
    auto& label = labels[note];
    if (label.empty()) {
      label = std::to_string(labels.size());
      context.footnotes.emplace_back(label, note);
      skip_rules(note, context);
    }
    context.references.emplace(link, label);
  }
  if (context.footnotes.empty()) return;

  // A link from a note to where it is referred to leads back.
  for (Node* link : links) {
    const auto note = std::find_if(context.footnotes.begin(), context.footnotes.end(),
                                   [&](const auto& entry) { return inside(link, entry.second); });
    if (note == context.footnotes.end()) continue;
    const auto target = targets.find(fragment(link));
    if (target == targets.end()) continue;
    const bool back = std::any_of(context.references.begin(), context.references.end(), [&](const auto& reference) {
      return inside(reference.first, target->second) || parent(reference.first) == parent(target->second);
    });
    if (back) context.skipped.insert(link);
  }
}

}  // namespace twin::feature::html
