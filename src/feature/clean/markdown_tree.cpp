#include "feature/clean/markdown_tree.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm-extension_api.h>
#include <cmark-gfm.h>

#include <mutex>
#include <new>

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

std::string inline_text(cmark_node* node) {
  std::string out;
  const std::unique_ptr<cmark_iter, IteratorDeleter> iterator(cmark_iter_new(node));
  for (cmark_event_type event; (event = cmark_iter_next(iterator.get())) != CMARK_EVENT_DONE;) {
    if (event != CMARK_EVENT_ENTER) continue;
    cmark_node* current = cmark_iter_get_node(iterator.get());
    const cmark_node_type type = cmark_node_get_type(current);
    if (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE) {
      if (const char* literal = cmark_node_get_literal(current)) out += literal;
    } else if (type == CMARK_NODE_SOFTBREAK) {
      out += ' ';
    } else if (type == CMARK_NODE_LINEBREAK ||
               (type == CMARK_NODE_HTML_INLINE && is_line_break(cmark_node_get_literal(current)))) {
      out += '\n';
    }
  }
  return out;
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
