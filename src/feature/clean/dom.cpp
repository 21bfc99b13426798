#include "feature/clean/dom.h"

#include <lexbor/css/css.h>
#include <lexbor/html/html.h>
#include <lexbor/selectors/selectors.h>

#include <algorithm>
#include <limits>
#include <map>
#include <stdexcept>

#include "core/i18n.h"

namespace twin::feature::html {
namespace {

std::string_view view(const lxb_char_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), bytes == nullptr ? 0 : size};
}
const lxb_char_t* chars(std::string_view text) {
  return reinterpret_cast<const lxb_char_t*>(text.data());
}

/// Elements that have no end tag, or whose start switches the tokenizer: never ignored.
bool always_inserted(lxb_tag_id_t tag) {
  switch (tag) {
    case LXB_TAG_AREA:
    case LXB_TAG_BASE:
    case LXB_TAG_BR:
    case LXB_TAG_COL:
    case LXB_TAG_EMBED:
    case LXB_TAG_HR:
    case LXB_TAG_IFRAME:
    case LXB_TAG_IMG:
    case LXB_TAG_INPUT:
    case LXB_TAG_LINK:
    case LXB_TAG_META:
    case LXB_TAG_NOFRAMES:
    case LXB_TAG_PARAM:
    case LXB_TAG_PLAINTEXT:
    case LXB_TAG_SCRIPT:
    case LXB_TAG_SOURCE:
    case LXB_TAG_STYLE:
    case LXB_TAG_TEXTAREA:
    case LXB_TAG_TITLE:
    case LXB_TAG_TRACK:
    case LXB_TAG_WBR:
    case LXB_TAG_XMP:
      return true;
    default:
      return false;
  }
}

/// Stands between the tokenizer and the tree builder. Tree building costs time in proportion to the depth of the open
/// elements, and everything that walks the tree later would too: browsers cap the depth for the same reason.
struct Guard {
  lxb_html_tokenizer_token_f next = nullptr;
  lxb_html_tree_t* tree = nullptr;
  ParseLimits limits;
  int elements = 0;
  int flattened = 0;
  bool too_many = false;
  std::map<lxb_tag_id_t, int> ignored;  ///< start tags ignored and not yet closed, by element
};

/// Unclosed <b>, <i> … are reopened in every following paragraph; a longer list than this is an attack or an accident.
constexpr std::size_t max_open_formatting = 48;

lxb_html_token_t* guard_token(lxb_html_tokenizer_t* tokenizer, lxb_html_token_t* token, void* context) {
  auto& guard = *static_cast<Guard*>(context);
  const bool tag = token->tag_id > LXB_TAG__EM_DOCTYPE && token->tag_id != LXB_TAG__TEXT;
  if (tag && (token->type & LXB_HTML_TOKEN_TYPE_CLOSE) != 0) {
    const auto it = guard.ignored.find(token->tag_id);
    if (it != guard.ignored.end() && it->second > 0) {
      --it->second;
      return token;
    }
  } else if (tag) {
    if (++guard.elements > guard.limits.max_elements) {
      guard.too_many = true;
      tokenizer->status = LXB_STATUS_ABORTED;
      return nullptr;
    }
    const bool deep = guard.tree->open_elements->length >= static_cast<std::size_t>(guard.limits.max_depth) ||
                      guard.tree->active_formatting->length >= max_open_formatting;
    if (deep && !always_inserted(token->tag_id)) {
      ++guard.flattened;
      ++guard.ignored[token->tag_id];
      return token;
    }
  }
  return guard.next(tokenizer, token, guard.tree);
}

struct ParserDeleter {
  void operator()(lxb_html_parser_t* parser) const { lxb_html_parser_destroy(parser); }
};

lxb_status_t collect_node(lxb_dom_node_t* node, lxb_css_selector_specificity_t, void* context) {
  static_cast<std::vector<Node*>*>(context)->push_back(node);
  return LXB_STATUS_OK;
}

}  // namespace

struct Document::State {
  lxb_html_document_t* document = nullptr;
  lxb_css_memory_t* css_memory = nullptr;  ///< of all parsed selectors; lexbor would make one for each and lose track
  lxb_css_parser_t* css = nullptr;
  lxb_selectors_t* selectors = nullptr;
  int flattened = 0;

  ~State() {
    if (selectors != nullptr) lxb_selectors_destroy(selectors, true);
    if (css != nullptr) lxb_css_parser_destroy(css, true);
    if (css_memory != nullptr) lxb_css_memory_destroy(css_memory, true);
    if (document != nullptr) lxb_html_document_destroy(document);
  }
};

Document::Document(std::unique_ptr<State> state) : state_(std::move(state)) {}
Document::~Document() = default;
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;

Result<Document> Document::parse(std::string_view utf8, const ParseLimits& limits) {
  // One a thread: making a parser costs as much as parsing a small page. One that a page upset is not used again.
  thread_local std::unique_ptr<lxb_html_parser_t, ParserDeleter> kept;
  std::unique_ptr<lxb_html_parser_t, ParserDeleter> parser = std::move(kept);
  auto state = std::make_unique<State>();
  if (parser == nullptr) {
    parser.reset(lxb_html_parser_create());
    if (parser == nullptr || lxb_html_parser_init(parser.get()) != LXB_STATUS_OK) throw std::bad_alloc();
  }

  Guard guard;
  guard.next = parser->tkz->callback_token_done;
  guard.tree = parser->tree;
  guard.limits = limits;
  lxb_html_tokenizer_callback_token_done_set(parser->tkz, guard_token, &guard);

  state->document = lxb_html_parse_chunk_begin(parser.get());
  if (state->document == nullptr) throw std::bad_alloc();
  lxb_status_t status = LXB_STATUS_OK;
  // In pieces, so that the guard can stop a page early.
  constexpr std::size_t piece = 1 << 16;
  for (std::size_t at = 0; at < utf8.size() && status == LXB_STATUS_OK; at += piece) {
    const auto part = utf8.substr(at, piece);
    status = lxb_html_parse_chunk_process(parser.get(), chars(part), part.size());
  }
  const lxb_status_t end = lxb_html_parse_chunk_end(parser.get());
  if (guard.too_many) {
    return fail(ErrorKind::limit, tr("The page has more than {} elements", limits.max_elements), {},
                tr("Raise clean.max_html_elements of the category"));
  }
  if (status != LXB_STATUS_OK || end != LXB_STATUS_OK) {
    return fail(ErrorKind::invalid, tr("The HTML could not be parsed (lexbor status {})", status));
  }
  state->flattened = guard.flattened;
  lxb_html_tokenizer_callback_token_done_set(parser->tkz, guard.next, guard.tree);
  lxb_html_parser_clean(parser.get());
  kept = std::move(parser);
  return Document(std::move(state));
}

Node* Document::root() const {
  return lxb_dom_interface_node(state_->document);
}
Node* Document::head() const {
  return lxb_dom_interface_node(lxb_html_document_head_element(state_->document));
}
Node* Document::body() const {
  return lxb_dom_interface_node(lxb_html_document_body_element(state_->document));
}
Node* Document::html() const {
  Node* node = root()->first_child;
  while (node != nullptr && !is_element(node)) node = node->next;
  return node;
}
int Document::flattened() const {
  return state_->flattened;
}

Result<std::vector<Node*>> Document::select(Node* scope, const std::string& selector) const {
  if (state_->css == nullptr) {
    state_->css_memory = lxb_css_memory_create();
    state_->css = lxb_css_parser_create();
    state_->selectors = lxb_selectors_create();
    constexpr std::size_t first_block = 256;
    if (lxb_css_memory_init(state_->css_memory, first_block) != LXB_STATUS_OK ||
        lxb_css_parser_init(state_->css, nullptr) != LXB_STATUS_OK ||
        lxb_selectors_init(state_->selectors) != LXB_STATUS_OK) {
      throw std::bad_alloc();
    }
    lxb_css_parser_memory_set(state_->css, state_->css_memory);
    lxb_selectors_opt_set(state_->selectors, LXB_SELECTORS_OPT_MATCH_FIRST);
  }
  lxb_css_selector_list_t* list = lxb_css_selectors_parse(state_->css, chars(selector), selector.size());
  if (list == nullptr) {
    return fail(ErrorKind::usage, tr("'{}' is not a CSS selector", selector), {},
                tr("Correct it in the category's YAML file"));
  }
  std::vector<Node*> found;
  const lxb_status_t status = lxb_selectors_find(state_->selectors, scope, list, collect_node, &found);
  if (status != LXB_STATUS_OK) {
    return fail(ErrorKind::usage, tr("The CSS selector '{}' is not supported", selector));
  }
  return found;
}

bool is_element(const Node* node) {
  return node != nullptr && node->type == LXB_DOM_NODE_TYPE_ELEMENT;
}
bool is_text(const Node* node) {
  return node != nullptr && node->type == LXB_DOM_NODE_TYPE_TEXT;
}
Node* first_child(const Node* node) {
  return node->first_child;
}
Node* next_sibling(const Node* node) {
  return node->next;
}
Node* previous_sibling(const Node* node) {
  return node->prev;
}
Node* parent(const Node* node) {
  return node->parent;
}

std::string_view name(const Node* node) {
  if (!is_element(node)) return {};
  std::size_t size = 0;
  const auto* bytes =
      lxb_dom_element_local_name(lxb_dom_interface_element(const_cast<Node*>(node)), &size);  // lexbor reads only
  return view(bytes, size);
}

std::string_view data(const Node* node) {
  const auto* text = reinterpret_cast<const lxb_dom_character_data_t*>(node);
  return view(text->data.data, text->data.length);
}

std::string_view attribute(const Node* node, std::string_view key) {
  if (!is_element(node)) return {};
  std::size_t size = 0;
  const auto* bytes =
      lxb_dom_element_get_attribute(lxb_dom_interface_element(const_cast<Node*>(node)), chars(key), key.size(), &size);
  return view(bytes, size);
}

bool has_attribute(const Node* node, std::string_view key) {
  return is_element(node) &&
         lxb_dom_element_has_attribute(lxb_dom_interface_element(const_cast<Node*>(node)), chars(key), key.size());
}

bool one_of(std::string_view name, std::string_view words) {
  if (name.empty() || name.size() > words.size()) return false;
  for (std::size_t at = words.find(name); at != std::string_view::npos; at = words.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if ((at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' ')) return true;
  }
  return false;
}

bool has_class(const Node* node, std::string_view token) {
  return one_of(token, attribute(node, "class"));
}

std::string_view class_of(const Node* node) {
  if (!is_element(node)) return {};
  const auto* attribute = reinterpret_cast<const lxb_dom_element_t*>(node)->attr_class;
  return attribute == nullptr || attribute->value == nullptr ? std::string_view()
                                                             : view(attribute->value->data, attribute->value->length);
}

std::string_view id_of(const Node* node) {
  if (!is_element(node)) return {};
  const auto* attribute = reinterpret_cast<const lxb_dom_element_t*>(node)->attr_id;
  return attribute == nullptr || attribute->value == nullptr ? std::string_view()
                                                             : view(attribute->value->data, attribute->value->length);
}

bool next_attribute(const Node* node, const void*& at, std::string_view& key, std::string_view& value) {
  if (!is_element(node)) return false;
  auto* next = at == nullptr ? reinterpret_cast<const lxb_dom_element_t*>(node)->first_attr
                             : static_cast<const lxb_dom_attr_t*>(at)->next;
  if (next == nullptr) return false;
  at = next;
  std::size_t size = 0;
  const auto* bytes = lxb_dom_attr_local_name(next, &size);
  key = view(bytes, size);
  value = next->value == nullptr ? std::string_view() : view(next->value->data, next->value->length);
  return true;
}

unsigned tag_of(const Node* node) {
  static_assert(LXB_TAG__LAST_ENTRY < TagSet::size);
  if (!is_element(node) || node->local_name >= LXB_TAG__LAST_ENTRY) return 0;
  return static_cast<unsigned>(node->local_name);
}

unsigned tag_of_name(std::string_view wanted) {
  for (lxb_tag_id_t id = LXB_TAG__BEGIN; id < LXB_TAG__LAST_ENTRY; ++id) {
    std::size_t size = 0;
    const auto* bytes = lxb_tag_name_by_id(id, &size);
    if (view(bytes, size) == wanted) return static_cast<unsigned>(id);
  }
  throw std::logic_error("not an element of HTML: " + std::string(wanted));
}

TagSet::TagSet(std::string_view names) {
  for (std::size_t at = 0; at < names.size();) {
    const std::size_t end = std::min(names.find(' ', at), names.size());
    tags_.set(tag_of_name(names.substr(at, end - at)));
    at = end + 1;
  }
}

std::size_t mark_of(const Node* node) {
  return reinterpret_cast<std::size_t>(node->user);
}
void set_mark(Node* node, std::size_t mark) {
  node->user = reinterpret_cast<void*>(mark);
}

Node* next_skipping_children(const Node* root, Node* node) {
  while (node != root && node->next == nullptr) node = node->parent;
  return node == root ? nullptr : node->next;
}

void walk(Node* root, const std::function<bool(Node*)>& visit) {
  for (Node* node = root; node != nullptr;) {
    const bool descend = visit(node);
    node = descend && node->first_child != nullptr ? node->first_child : next_skipping_children(root, node);
  }
}

std::string text_content(const Node* node) {
  static const TagSet unseen("script style template");
  std::string text;
  Node* const root = const_cast<Node*>(node);
  for (Node* n = root; n != nullptr;) {
    if (is_text(n)) text += data(n);
    const bool descend = n->first_child != nullptr && !unseen.has(n);
    n = descend ? n->first_child : next_skipping_children(root, n);
  }
  return text;
}

std::size_t text_length(const Node* node) {
  std::size_t length = 0;
  walk(const_cast<Node*>(node), [&](Node* n) {
    if (is_text(n)) {
      for (const char c : data(n)) length += c != ' ' && c != '\n' && c != '\t' && c != '\r' ? 1 : 0;
    }
    return !one_of(name(n), "script style template");
  });
  return length;
}

void detach(Node* node) {
  lxb_dom_node_remove(node);
}

std::string outer_html(const Node* node) {
  std::string out;
  lxb_html_serialize_tree_cb(
      const_cast<Node*>(node),  // lexbor reads only
      [](const lxb_char_t* bytes, std::size_t size, void* context) -> lxb_status_t {
        static_cast<std::string*>(context)->append(view(bytes, size));
        return LXB_STATUS_OK;
      },
      &out);
  return out;
}

}  // namespace twin::feature::html
