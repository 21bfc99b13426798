// Footnotes as blog engines, Pandoc and DocBook write them.
#include <algorithm>
#include <string>

#include "feature/clean/markdown_writer.h"

namespace twin::feature::html {
namespace {

constexpr std::string_view note_elements = "li p div dd aside section td";

std::string_view fragment(const Node* link) {
  const auto href = attribute(link, "href");
  const auto hash = href.find('#');
  return hash == std::string_view::npos ? std::string_view() : href.substr(hash + 1);
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

/// The block that is the note: the target itself, or what holds a bare target anchor.
Node* note_of(Node* target) {
  for (Node* node = target; node != nullptr && is_element(node); node = parent(node)) {
    if (one_of(name(node), note_elements)) return node;
    if (!one_of(name(node), "a span sup b strong em small")) return nullptr;
  }
  return nullptr;
}

/// The rule that sets the notes off from the text.
void skip_rules(Node* note, std::set<const Node*>& seen, WriterContext& context) {
  for (Node* node = parent(note); node != nullptr && seen.insert(node).second; node = parent(node)) {
    const bool holder = attribute(node, "class").find("footnotes") != std::string_view::npos ||
                        attribute(node, "role") == "doc-endnotes";
    for (Node* child = first_child(node); holder && child != nullptr; child = next_sibling(child)) {
      if (name(child) == "hr") context.skipped.insert(child);
    }
  }
}

}  // namespace

void find_footnotes(Node* root, WriterContext& context) {
  const PageMap& page = *context.page;
  std::map<std::string_view, Node*> targets;
  std::vector<Node*> links;
  const unsigned link_tag = tag_of_name("a");
  bool fragments = false;
  for (std::size_t i = 0; i < page.size(); ++i) {
    Node* node = page[i].node;
    if (const auto id = id_of(node); !id.empty()) targets.emplace(id, node);
    if (page[i].tag != link_tag) continue;
    if (const auto anchor = attribute(node, "name"); !anchor.empty()) targets.emplace(anchor, node);
    if (attribute(node, "href").find('#') == std::string_view::npos) continue;
    links.push_back(node);
    fragments = true;
  }
  if (!fragments) return;

  const std::size_t whole = page.index_of(root);
  // By element: the note that it stands in. A link inside a note leads back, however much it looks like a mark.
  std::vector<bool> in_note(page.size());
  std::map<Node*, std::string> labels;
  std::set<const Node*> holders;
  for (Node* link : links) {
    const std::size_t at = page.index_of(link);
    if (!page.inside(at, whole) || in_note[at] || !is_mark(link)) continue;
    const auto target = targets.find(fragment(link));
    Node* note = target == targets.end() ? nullptr : note_of(target->second);
    if (note == nullptr || mark_of(note) == 0) continue;
    const std::size_t place = page.index_of(note);
    if (page.inside(at, place) || page.inside(whole, place)) continue;
    auto& label = labels[note];
    if (label.empty()) {
      label = std::to_string(labels.size());
      context.footnotes.emplace_back(label, note);
      for (std::size_t i = place; i < page[place].end; ++i) in_note[i] = true;
      skip_rules(note, holders, context);
    }
    context.references.emplace(link, label);
  }
  if (context.footnotes.empty()) return;

  // A link from a note to where it is referred to leads back.
  std::set<const Node*> around, beside;  // of references: what they stand in, and their parents
  for (const auto& [reference, label] : context.references) {
    beside.insert(parent(reference));
    for (const Node* node = reference; node != nullptr && around.insert(node).second; node = parent(node)) continue;
  }
  for (Node* link : links) {
    if (!in_note[page.index_of(link)]) continue;
    const auto target = targets.find(fragment(link));
    if (target == targets.end()) continue;
    if (around.contains(target->second) || beside.contains(parent(target->second))) context.skipped.insert(link);
  }
}

}  // namespace twin::feature::html
