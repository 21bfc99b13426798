#include "feature/clean/markdown_tree.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm-extension_api.h>
#include <cmark-gfm.h>

#include <algorithm>
#include <mutex>
#include <new>
#include <utility>

#include "core/text/unicode.h"

namespace twin::feature {
namespace {

void register_extensions() {
  static std::once_flag once;
  std::call_once(once, [] { cmark_gfm_core_extensions_ensure_registered(); });
}

struct ParserDeleter {
  void operator()(cmark_parser* parser) const { cmark_parser_free(parser); }
};
struct IteratorDeleter {
  void operator()(cmark_iter* iterator) const { cmark_iter_free(iterator); }
};

bool is_line_break(std::string_view html) {
  return html.substr(0, 3) == "<br" && (html.size() == 3 || html[3] == '>' || html[3] == ' ' || html[3] == '/');
}

bool is_picture(std::string_view html) {
  return html.size() > 4 && text::fold(std::string(html.substr(0, 4))) == "<img";
}

/// Writes an inline tree as it reads, node by node.
class InlineText {
 public:
  void visit(cmark_node* node, bool enter) {
    const cmark_node_type type = cmark_node_get_type(node);
    if (type == CMARK_NODE_IMAGE) {
      enter ? open_picture() : close_picture(node);
    } else if (enter && (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE)) {
      if (const char* literal = cmark_node_get_literal(node)) text_ += literal;
    } else if (enter && type == CMARK_NODE_SOFTBREAK) {
      text_ += ' ';
    } else if (enter && type == CMARK_NODE_LINEBREAK) {
      text_ += '\n';
    } else if (enter && type == CMARK_NODE_HTML_INLINE) {
      if (const char* literal = cmark_node_get_literal(node)) html(literal);
    }
  }

  std::string take(std::vector<Picture>* pictures) {
    std::stable_sort(pictures_.begin(), pictures_.end(),
                     [](const Picture& a, const Picture& b) { return a.span.start < b.span.start; });
    if (pictures != nullptr) *pictures = std::move(pictures_);
    return std::move(text_);
  }

 private:
  void open_picture() { open_.push_back(text_.size()); }

  void close_picture(cmark_node* node) {
    const std::size_t start = open_.back();
    open_.pop_back();
    const char* title = cmark_node_get_title(node);
    const char* link = cmark_node_get_url(node);
    const std::string alternative = text_.substr(start);
    if (title != nullptr && *title != '\0') {
      text_.resize(start);
      text_ += words_of_picture(alternative, title);
    }
    pictures_.push_back({{start, text_.size()}, picture_source(link == nullptr ? "" : link), false});
  }

  void html(std::string_view literal) {
    if (is_line_break(literal)) {
      text_ += '\n';
    } else if (is_picture(literal)) {
      std::vector<Picture> found;
      const std::string words = text_of_html(literal, found);
      for (Picture& picture : found) {
        picture.span = {text_.size() + picture.span.start, text_.size() + picture.span.end};
        pictures_.push_back(std::move(picture));
      }
      text_ += text::trim(words);
    }
  }

  std::string text_;
  std::vector<Picture> pictures_;
  std::vector<std::size_t> open_;  ///< where the words of the pictures begin that are being read
};

}  // namespace

void MarkdownDeleter::operator()(cmark_node* root) const {
  cmark_node_free(root);
}

MarkdownTree parse_markdown(std::string_view markdown) {
  register_extensions();
  int options = CMARK_OPT_FOOTNOTES | CMARK_OPT_STRIKETHROUGH_DOUBLE_TILDE;
  // Nearly always it is valid, and looking takes less than having every line copied.
  if (text::first_invalid_utf8(markdown) != std::string_view::npos) options |= CMARK_OPT_VALIDATE_UTF8;
  const std::unique_ptr<cmark_parser, ParserDeleter> parser(cmark_parser_new(options));
  if (parser == nullptr) throw std::bad_alloc();
  for (const char* name : {"table", "strikethrough", "tasklist"}) {
    cmark_parser_attach_syntax_extension(parser.get(), cmark_find_syntax_extension(name));
  }
  cmark_parser_feed(parser.get(), markdown.data(), markdown.size());
  return MarkdownTree(cmark_parser_finish(parser.get()));
}

std::string inline_text(cmark_node* node, std::vector<Picture>* pictures) {
  InlineText text;
  const std::unique_ptr<cmark_iter, IteratorDeleter> iterator(cmark_iter_new(node));
  for (cmark_event_type event; (event = cmark_iter_next(iterator.get())) != CMARK_EVENT_DONE;) {
    text.visit(cmark_iter_get_node(iterator.get()), event == CMARK_EVENT_ENTER);
  }
  return text.take(pictures);
}

std::string first_heading(std::string_view markdown) {
  const MarkdownTree tree = parse_markdown(markdown);
  std::string best;
  int best_level = 7;
  for (cmark_node* node = cmark_node_first_child(tree.get()); node != nullptr; node = cmark_node_next(node)) {
    if (cmark_node_get_type(node) != CMARK_NODE_HEADING) continue;
    const int level = cmark_node_get_heading_level(node);
    std::string text(text::trim(inline_text(node)));
    if (level < best_level && !text.empty()) {
      best_level = level;
      best = std::move(text);
    }
  }
  return best;
}

}  // namespace twin::feature
