// Markdown → prose view: the text as it reads, and where its blocks lie.
#include <cmark-gfm.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "core/text/unicode.h"
#include "feature/clean/clean.h"
#include "feature/clean/markdown_tree.h"

namespace twin::feature {
namespace {

struct IteratorDeleter {
  void operator()(cmark_iter* iterator) const { cmark_iter_free(iterator); }
};

/// Lists nested deeper than this are not indented further.
constexpr int max_indented_levels = 8;

std::string_view type_name(cmark_node* node) {
  return cmark_node_get_type_string(node);
}

/// Where a part of a text begins in it.
std::size_t offset_of(std::string_view part, std::string_view whole) {
  return part.empty() ? 0 : static_cast<std::size_t>(part.data() - whole.data());
}

/// Shifts the places of pictures, which may lie no further than `size`.
void shift(std::vector<Picture>& pictures, std::size_t from, std::size_t to, std::size_t size) {
  const auto place = [&](std::size_t at) { return std::min(std::max(at, from) - from, size) + to; };
  for (Picture& picture : pictures) picture.span = {place(picture.span.start), place(picture.span.end)};
}

class ProseBuilder {
 public:
  ProseView build(const std::string& markdown) {
    const MarkdownTree tree = parse_markdown(markdown);
    const std::unique_ptr<cmark_iter, IteratorDeleter> iterator(cmark_iter_new(tree.get()));
    for (cmark_event_type event; (event = cmark_iter_next(iterator.get())) != CMARK_EVENT_DONE;) {
      cmark_node* node = cmark_iter_get_node(iterator.get());
      if (event == CMARK_EVENT_EXIT) {
        leave(node);
      } else if (enter(node)) {
        // What is below has been written: go on behind it.
        cmark_iter_reset(iterator.get(), node, CMARK_EVENT_EXIT);
      }
    }
    return std::move(view_);
  }

 private:
  struct List {
    bool ordered = false;
    int number = 1;
    std::string marker;  ///< of the current item, until its first block is written
  };

  /// True when the node was written with everything below it.
  bool enter(cmark_node* node) {
    switch (cmark_node_get_type(node)) {
      case CMARK_NODE_LIST:
        lists_.push_back({cmark_node_get_list_type(node) == CMARK_ORDERED_LIST, cmark_node_get_list_start(node), {}});
        containers_.push_back(Block::Kind::list_item);
        return false;
      case CMARK_NODE_ITEM:
        start_item();
        return false;
      case CMARK_NODE_BLOCK_QUOTE:
        containers_.push_back(Block::Kind::quote);
        return false;
      case CMARK_NODE_PARAGRAPH:
        paragraph(node);
        return true;
      case CMARK_NODE_HEADING:
        heading(node);
        return true;
      case CMARK_NODE_CODE_BLOCK:
        code(cmark_node_get_literal(node));
        return false;  // a leaf
      case CMARK_NODE_HTML_BLOCK:
        html(cmark_node_get_literal(node));
        return false;  // a leaf
      default:
        if (type_name(node) == "table") {
          table(node);
          return true;
        }
        return false;
    }
  }

  void leave(cmark_node* node) {
    const cmark_node_type type = cmark_node_get_type(node);
    if (type == CMARK_NODE_LIST) lists_.pop_back();
    if (type == CMARK_NODE_LIST || type == CMARK_NODE_BLOCK_QUOTE) containers_.pop_back();
    if (type == CMARK_NODE_ITEM && !lists_.empty()) lists_.back().marker.clear();
  }

  void start_item() {
    if (lists_.empty()) return;
    List& list = lists_.back();
    list.marker = list.ordered ? std::to_string(list.number++) + ". " : "- ";
  }

  void paragraph(cmark_node* node) {
    std::vector<Picture> pictures;
    const std::string text = inline_text(node, &pictures);
    paragraph(text, std::move(pictures));
  }

  /// No line of a block may be empty: empty lines separate blocks. (Code keeps its own.)
  void paragraph(std::string_view text, std::vector<Picture>&& pictures, char between = '\n') {
    const std::string content = join_trimmed_lines(text, between, pictures);
    if (content.empty()) {
      place(std::move(pictures), view_.text.size());  // a picture without words
      return;
    }
    const std::string marker = lists_.empty() ? std::string() : std::exchange(lists_.back().marker, {});
    shift(pictures, 0, marker.size(), content.size());
    add(containers_.empty() ? Block::Kind::paragraph : containers_.back(), 0, marker + content, std::move(pictures));
  }

  /// Only a heading of the document itself opens a section; one inside a quote or list is text there.
  void heading(cmark_node* node) {
    std::vector<Picture> pictures;
    std::string content = inline_text(node, &pictures);
    std::replace(content.begin(), content.end(), '\n', ' ');
    if (!containers_.empty()) {
      paragraph(content, std::move(pictures));
      return;
    }
    const auto trimmed = text::trim(content);
    if (trimmed.empty()) {
      place(std::move(pictures), view_.text.size());
      return;
    }
    shift(pictures, offset_of(trimmed, content), 0, trimmed.size());
    add(Block::Kind::heading, cmark_node_get_heading_level(node), std::string(trimmed), std::move(pictures));
  }

  void code(const char* literal) {
    std::string_view text = literal == nullptr ? "" : literal;
    const std::size_t first = text.find_first_not_of(" \t\n");
    if (first == std::string_view::npos) return;
    const std::size_t line = text.substr(0, first).rfind('\n');
    if (line != std::string_view::npos) text.remove_prefix(line + 1);
    add(Block::Kind::code, 0, std::string(text.substr(0, text.find_last_not_of(" \t\n") + 1)));
  }

  /// Raw HTML between Markdown: its text, one paragraph per block of lines.
  void html(const char* literal) {
    std::vector<Picture> pictures;
    const std::string text = text_of_html(literal == nullptr ? "" : literal, pictures);
    paragraph(text, std::move(pictures), ' ');
  }

  void table(cmark_node* node) {
    std::string rows;
    std::vector<Picture> pictures;
    for (cmark_node* row = cmark_node_first_child(node); row != nullptr; row = cmark_node_next(row)) {
      std::vector<Picture> shown;
      const std::string line = table_row(row, shown);
      if (!line.empty() && !rows.empty()) rows += '\n';
      shift(shown, 0, rows.size(), line.size());
      std::move(shown.begin(), shown.end(), std::back_inserter(pictures));
      rows += line;
    }
    if (!rows.empty()) {
      add(Block::Kind::table, 0, rows, std::move(pictures));
    } else {
      place(std::move(pictures), view_.text.size());
    }
  }

  /// "a | b"; empty when no cell says anything.
  static std::string table_row(cmark_node* row, std::vector<Picture>& pictures) {
    std::string line;
    bool any = false;
    for (cmark_node* cell = cmark_node_first_child(row); cell != nullptr; cell = cmark_node_next(cell)) {
      std::vector<Picture> shown;
      std::string content = inline_text(cell, &shown);
      std::replace(content.begin(), content.end(), '\n', ' ');
      const auto trimmed = text::trim(content);
      any = any || !trimmed.empty();
      if (cell != cmark_node_first_child(row)) line += " | ";
      shift(shown, offset_of(trimmed, content), line.size(), trimmed.size());
      std::move(shown.begin(), shown.end(), std::back_inserter(pictures));
      line += trimmed;
    }
    const auto trimmed = any ? text::trim(line) : std::string_view();
    shift(pictures, offset_of(trimmed, line), 0, trimmed.size());
    return std::string(trimmed);
  }

  void add(Block::Kind kind, int level, const std::string& content, std::vector<Picture>&& pictures = {}) {
    if (!view_.text.empty()) view_.text += "\n\n";
    if (kind == Block::Kind::list_item) {  // nested ones are set in, as they are on a page
      const auto depth = std::min<std::size_t>(lists_.size() - 1, max_indented_levels);
      view_.text.append(depth * 2, ' ');
    }
    const std::size_t start = view_.text.size();
    view_.text += content;
    view_.blocks.push_back({kind, level, {start, view_.text.size()}});
    place(std::move(pictures), start);
  }

  /// Pictures of a block that begins there.
  void place(std::vector<Picture>&& pictures, std::size_t start) {
    shift(pictures, 0, start, view_.text.size() - start);
    std::move(pictures.begin(), pictures.end(), std::back_inserter(view_.pictures));
  }

  ProseView view_;
  std::vector<List> lists_;
  std::vector<Block::Kind> containers_;  ///< quotes and lists around, outermost first
};

}  // namespace

ProseView prose_view(const std::string& markdown) {
  return ProseBuilder().build(markdown);
}

}  // namespace twin::feature
