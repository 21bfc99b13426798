#include "feature/clean/markdown_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

#include "core/text/unicode.h"
#include "feature/clean/code_block.h"
#include "feature/clean/markdown_blocks.h"
#include "feature/clean/markdown_escape.h"
#include "feature/clean/math.h"
#include "feature/clean/table_writer.h"
#include "feature/collect/canonical_url.h"

namespace twin::feature::html {
namespace {

/// Quotes and lists nested deeper keep their text at this level: each level indents every line below it.
constexpr int max_nesting = 24;
/// Pictures written into a page in fewer bytes stand there until the real one is loaded.
constexpr std::size_t longest_placeholder = 4096;

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

bool is_block(const Node* node) {
  return block_tags().has(node);
}

bool contains_block(Node* root) {
  bool found = false;
  walk(root, [&](Node* node) {
    found = found || (node != root && is_block(node));
    return !found;
  });
  return found;
}

std::string_view emphasis_marker(std::string_view element) {
  if (one_of(element, "b strong")) return "**";
  if (one_of(element, "i em cite dfn var")) return "*";
  if (one_of(element, "del s strike")) return "~~";
  return {};
}

class Writer {
 public:
  explicit Writer(const WriterContext& context) : context_(context) {
    for (const auto& [label, note] : context.footnotes) notes_.insert(note);
  }

  std::string document(Node* root) {
    children(root);
    flush();
    in_notes_ = true;
    for (const auto& footnote : context_.footnotes) {
      const std::string text = nested([&] { children(footnote.second); });
      if (!text.empty()) blocks_.push_back(indent_block(text, fmt::format("[^{}]: ", footnote.first), "    "));
    }
    return join_blocks(blocks_, "\n\n");
  }

 private:
  void children(Node* node) {
    for (Node* child = first_child(node); child != nullptr; child = next_sibling(child)) visit(child);
  }

  void visit(Node* node) {
    if (is_text(node)) {
      inline_.text(data(node));
      return;
    }
    const std::string_view element = name(node);
    if (element.empty() || context_.page->removed_itself(node)) return;
    if (context_.skipped.contains(node)) {
      leave_out(node, "link back from a footnote");
      return;
    }
    if (!in_notes_ && notes_.contains(node)) return;
    if (element == "math" || element == "script" || (element == "img" && !class_of(node).empty())) {
      if (const auto formula = formula_of(node)) {
        write_formula(*formula);
        return;
      }
    }
    if (element == "script") return;
    if (is_block(node)) {
      block(node, element);
    } else {
      inline_element(node, element);
    }
  }

  void block(Node* node, std::string_view element) {
    if (heading_depth_ > 0 || link_depth_ > 0) {  // one line: blocks inside it are only text
      inline_.text(" ");
      children(node);
      inline_.text(" ");
      return;
    }
    flush();
    if (context_.quotes.contains(node) || element == "blockquote") {
      quote(node);
    } else if (element.size() == 2 && element[0] == 'h' && element[1] >= '1' && element[1] <= '6') {
      heading(node, element[1] - '0');
    } else if (element == "pre") {
      add(write_code_block(node, *context_.page));
    } else if (one_of(element, "ul ol menu")) {
      list(node, element == "ol");
    } else if (element == "dl") {
      definitions(node);
    } else if (element == "table") {
      table(node);
    } else if (element == "hr") {
      if (!blocks_.empty() && blocks_.back() != "---") add("---");
    } else if (one_of(element, "summary legend")) {
      inline_.open("**");
      children(node);
      inline_.close("**");
    } else {
      children(node);
    }
    flush();
  }

  void leave_out(const Node* node, const char* why) const {
    if (context_.left_out != nullptr) context_.left_out->emplace_back(node, why);
  }

  /// As GitHub reads it: in code marks, so that nothing in it is taken for Markdown.
  void write_formula(const Formula& formula) {
    if (formula.block && heading_depth_ == 0 && link_depth_ == 0 && table_depth_ == 0) {
      flush();
      add(fenced_block(formula.tex, "math"));
    } else {
      inline_.raw("$" + code_span(formula.tex) + "$");
    }
  }

  void inline_element(Node* node, std::string_view element) {
    if (element == "br") {
      // Two breaks in a row are how old editors write a paragraph.
      if (inline_.ends_with_break()) {
        flush();
      } else {
        inline_.line_break();
      }
    } else if (element == "a") {
      link(node);
    } else if (element == "img") {
      image(node);
    } else if (one_of(element, "code kbd samp tt") && !contains_block(node)) {
      inline_.code(text_content(node));
    } else if (element == "q") {
      inline_.text("\"");
      children(node);
      inline_.text("\"");
    } else if (element == "sup" && holds_only_reference(node)) {
      children_without_brackets(node);
    } else if (const auto marker = emphasis_marker(element); !marker.empty()) {
      inline_.open(marker);
      children(node);
      inline_.close(marker);
    } else {
      children(node);
    }
  }

  /// DocBook and Wikipedia write "[1]" around or inside the link: the brackets belong to the mark.
  bool holds_only_reference(Node* node) const {
    bool reference = false, other = false;
    walk(node, [&](Node* n) {
      if (context_.references.contains(n)) {
        reference = true;
        return false;
      }
      if (is_text(n)) other = other || data(n).find_first_not_of(" []()\n\t") != std::string_view::npos;
      return true;
    });
    return reference && !other;
  }
  void children_without_brackets(Node* node) {
    walk(node, [&](Node* n) {
      if (!context_.references.contains(n)) return true;
      link(n);
      return false;
    });
  }

  void link(Node* node) {
    if (const auto it = context_.references.find(node); it != context_.references.end()) {
      inline_.raw(fmt::format("[^{}]", it->second));
      return;
    }
    const auto href = text::trim(attribute(node, "href"));
    const std::string content_text = text_content(node);
    const auto shown = text::trim(content_text);
    const bool permalink = heading_depth_ > 0 && (shown == "#" || shown == "¶" || shown == "§" || shown == "🔗");
    if (permalink) {
      leave_out(node, "link of a heading to itself");
      return;
    }
    const bool transparent = href.empty() || href.front() == '#' || href.substr(0, 11) == "javascript:" ||
                             heading_depth_ > 0 || link_depth_ > 0 || contains_block(node);
    if (transparent) {
      children(node);
      return;
    }
    const std::string url = resolve_url(context_.base_url, href);
    if (shown == url && url.find_first_of(" <>") == std::string::npos && url.find(':') != std::string::npos) {
      inline_.raw("<" + url + ">");
      return;
    }
    if (!content_text.empty() && is_space(content_text.front())) inline_.text(" ");
    ++link_depth_;
    const std::string label = brackets_balanced(one_line([&] { children(node); }));
    --link_depth_;
    if (label.empty()) return;
    inline_.raw(fmt::format("[{}]({})", label, link_destination(url)));
    if (!content_text.empty() && is_space(content_text.back())) inline_.text(" ");
  }

  void image(Node* node) {
    if (heading_depth_ > 0) return;
    auto source = attribute(node, "src");
    bool stored = source.substr(0, 5) == "data:" && source.size() > longest_placeholder;
    for (const std::string_view lazy : {"data-src", "data-lazy-src", "data-original"}) {
      if (source.empty() || source.substr(0, 5) == "data:") source = attribute(node, lazy);
    }
    const bool linked = !source.empty() && source.substr(0, 5) != "data:";
    InlineMarkdown alt;
    alt.text(attribute(node, "alt"));
    const std::string words = alt.take(true);
    const std::string title = image_title(node);
    // The bytes of a picture within a saved page are no link; its words are still worth reading.
    stored = stored && !linked && !(words.empty() && title.empty());
    if (!linked && !stored) return;
    const std::string link = linked ? link_destination(resolve_url(context_.base_url, source)) : "<>";
    inline_.raw(fmt::format("![{}]({}{})", brackets_escaped(words), link, title));
  }

  /// ` "title"` of an image whose title says more than its alternative text.
  static std::string image_title(const Node* node) {
    const std::string title = collapse_spaces(text::trim(attribute(node, "title")));
    if (title.empty() || title == collapse_spaces(text::trim(attribute(node, "alt")))) return {};
    std::string out = " \"";
    for (const char c : title) {
      if (c == '"' || c == '\\' || c == '&') out += '\\';
      out += c;
    }
    return out + '"';
  }

  /// Runs `write` with an empty paragraph and returns what it wrote, on one line.
  template <class Write>
  std::string one_line(Write write) {
    InlineMarkdown outer = std::exchange(inline_, {});
    write();
    std::string out = inline_.take(true);
    inline_ = std::move(outer);
    return out;
  }

  /// Brackets within a link's text must be balanced or escaped.
  static std::string brackets_balanced(std::string text) {
    int depth = 0;
    for (const char c : text) {
      depth += c == '[' ? 1 : (c == ']' ? -1 : 0);
      if (depth < 0) return brackets_escaped(text);
    }
    return depth == 0 ? text : brackets_escaped(text);
  }
  static std::string brackets_escaped(const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if ((text[i] == '[' || text[i] == ']') && (i == 0 || text[i - 1] != '\\')) out += '\\';
      out += text[i];
    }
    return out;
  }

  void heading(Node* node, int level) {
    ++heading_depth_;
    std::string text = one_line([&] { children(node); });
    --heading_depth_;
    if (text.empty()) return;
    // "# About C #": trailing hashes after a space would be taken as decoration.
    const std::size_t last = text.find_last_not_of('#');
    if (text.back() == '#' && (last == std::string::npos || text[last] == ' ')) text.insert(text.size() - 1, "\\");
    add(std::string(static_cast<std::size_t>(level), '#') + " " + text);
  }

  void quote(Node* node) {
    if (nesting_ >= max_nesting) {
      children(node);
      return;
    }
    const std::string text = nested([&] { children(node); });
    if (!text.empty()) add(indent_block(text, "> ", "> "));
  }

  void list(Node* node, bool ordered) {
    if (nesting_ >= max_nesting) {
      children(node);
      return;
    }
    int number = 1;
    const auto start = attribute(node, "start");
    std::from_chars(start.data(), start.data() + start.size(), number);
    number = std::max(number, 0);

    std::vector<std::string> items;
    bool loose = false;
    for (Node* child = first_child(node); child != nullptr; child = next_sibling(child)) {
      if (!is_element(child) && !is_text(child)) continue;
      std::vector<std::string> blocks;
      nested([&] { visit_item(child); }, &blocks);
      if (blocks.empty()) continue;
      const std::string marker = ordered ? std::to_string(number++) + ". " : "- ";
      const bool tight = blocks.size() == 1 || (blocks.size() == 2 && interrupts(blocks[1]) && !is_list(blocks[0]));
      loose = loose || !tight;
      items.push_back(indent_block(join_blocks(blocks, tight ? "\n" : "\n\n"), marker + task_box(child),
                                   std::string(marker.size(), ' ')));
    }
    if (!items.empty()) add_list(join_blocks(items, loose ? "\n\n" : "\n"));
  }

  /// "[x] " or "[ ] " where the item begins with the box of a task list.
  static std::string task_box(const Node* item) {
    for (const Node* node = first_child(item); node != nullptr;) {
      if (name(node) == "input") {
        if (attribute(node, "type") != "checkbox") return {};
        return has_attribute(node, "checked") ? "[x] " : "[ ] ";
      }
      const bool blank = is_text(node) && data(node).find_first_not_of(" \n\t\r") == std::string_view::npos;
      if (blank) {
        node = next_sibling(node);
      } else if (one_of(name(node), "label p span")) {
        node = first_child(node);
      } else {
        return {};
      }
    }
    return {};
  }

  void visit_item(Node* node) {
    if (is_element(node) && context_.page->removed_itself(node)) return;
    if (name(node) == "li" && !context_.skipped.contains(node) && (in_notes_ || !notes_.contains(node))) {
      children(node);
    } else if (name(node) != "li") {
      visit(node);
    }
  }

  static bool is_list(std::string_view block) {
    const std::size_t digits = std::min(block.find_first_not_of("0123456789"), block.size());
    return block.substr(0, 2) == "- " || (digits > 0 && block.substr(digits, 2) == ". ");
  }

  /// Whether a list may follow a paragraph without an empty line: bullets, and numbers from one.
  static bool interrupts(std::string_view block) { return block.substr(0, 2) == "- " || block.substr(0, 3) == "1. "; }

  /// A list right after another of its kind would be read as one: an empty comment keeps them apart.
  void add_list(std::string text) {
    if (!blocks_.empty() && is_list(blocks_.back()) && (blocks_.back()[0] == '-') == (text[0] == '-')) {
      blocks_.emplace_back("<!-- -->");
    }
    add(std::move(text));
  }

  /// GFM has no definition lists: a bullet with the bold term, and the definition as its paragraphs.
  void definitions(Node* node) {
    std::vector<std::string> items;
    std::vector<std::string> blocks;
    const auto finish = [&] {
      if (!blocks.empty()) items.push_back(indent_block(join_blocks(blocks, "\n\n"), "- ", "  "));
      blocks.clear();
    };
    bool defined = false;
    const std::function<void(Node*)> entries = [&](Node* parent_node) {
      for (Node* child = first_child(parent_node); child != nullptr; child = next_sibling(child)) {
        if (is_element(child) && context_.page->removed_itself(child)) continue;
        if (name(child) == "div") {
          entries(child);
        } else if (name(child) == "dt") {
          if (defined) finish();
          defined = false;
          std::vector<std::string> term;
          nested(
              [&] {
                inline_.open("**");
                children(child);
                inline_.close("**");
              },
              &term);
          blocks.insert(blocks.end(), term.begin(), term.end());
        } else {
          // Text and elements that have no business here are kept all the same.
          const std::size_t before = blocks.size();
          nested([&] { name(child) == "dd" ? children(child) : visit(child); }, &blocks);
          defined = defined || blocks.size() > before;
        }
      }
    };
    if (nesting_ >= max_nesting) {
      children(node);
      return;
    }
    entries(node);
    finish();
    if (!items.empty()) add_list(join_blocks(items, "\n\n"));
  }

  void table(Node* node) {
    const auto grid = read_table(node, *context_.page);
    if (!grid) {
      children(node);
      return;
    }
    if (grid->caption != nullptr) {
      children(grid->caption);
      flush();
    }
    std::vector<std::vector<std::string>> rows;
    for (const auto& row : grid->rows) {
      auto& out = rows.emplace_back();
      for (Node* cell : row) out.push_back(cell == nullptr ? std::string() : cell_content(cell));
    }
    add(write_table(rows, grid->header_rows > 0));
  }

  std::string cell_content(Node* cell) {
    std::vector<std::string> blocks;
    ++table_depth_;
    nested([&] { children(cell); }, &blocks);
    --table_depth_;
    std::string text = join_blocks(blocks, " ");
    // A break inside a cell cannot be written; a space reads the same.
    for (std::size_t at = text.find("\\\n"); at != std::string::npos; at = text.find("\\\n", at))
      text.replace(at, 2, " ");
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
  }

  /// Runs `write` with an empty page and returns (or appends to `blocks`) what it wrote.
  template <class Write>
  std::string nested(Write write, std::vector<std::string>* blocks = nullptr) {
    flush();
    std::vector<std::string> outer = std::move(blocks_);
    blocks_.clear();
    InlineMarkdown outer_inline = std::exchange(inline_, {});
    ++nesting_;
    write();
    flush();
    --nesting_;
    inline_ = std::move(outer_inline);
    std::vector<std::string> inner = std::move(blocks_);
    blocks_ = std::move(outer);
    if (blocks == nullptr) return join_blocks(inner, "\n\n");
    blocks->insert(blocks->end(), std::make_move_iterator(inner.begin()), std::make_move_iterator(inner.end()));
    return {};
  }

  void add(std::string block) {
    if (!block.empty()) blocks_.push_back(std::move(block));
  }
  void flush() {
    if (!inline_.empty()) {
      add(inline_.take());
    } else {
      static_cast<void>(inline_.take());
    }
  }

  const WriterContext& context_;
  std::set<const Node*> notes_;
  std::vector<std::string> blocks_;
  InlineMarkdown inline_;
  int nesting_ = 0;
  int heading_depth_ = 0;
  int link_depth_ = 0;
  int table_depth_ = 0;
  bool in_notes_ = false;
};

}  // namespace

std::string write_markdown(Node* root, const WriterContext& context) {
  return Writer(context).document(root);
}

}  // namespace twin::feature::html
