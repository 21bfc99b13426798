// Is the content of a feed's entry the whole post or only its beginning?
#include <algorithm>

#include "core/text/unicode.h"
#include "feature/clean/dom.h"
#include "feature/sources/feed/feed_parser.h"

namespace twin::feature {
namespace {

/// A description with so much text (bytes) is a post, unless it says itself that it goes on.
constexpr std::size_t long_enough = 3'000;
/// What says "go on reading" stands within so many bytes of the end.
constexpr std::size_t tail_bytes = 160;

struct Shape {
  std::string text;
  int paragraphs = 0;
};

Shape shape_of(const FeedEntry& entry) {
  Shape out;
  if (entry.media_type != "text/html") {
    out.text = text::trim(entry.content);
    for (std::size_t at = 0; (at = out.text.find("\n\n", at)) != std::string::npos; at += 2) ++out.paragraphs;
    return out;
  }
  const auto document = html::Document::parse(entry.content);
  if (!document || document->body() == nullptr) return out;
  html::walk(document->body(), [&](html::Node* node) {
    if (html::one_of(html::name(node), "p h1 h2 h3 h4 h5 h6 pre ul ol blockquote table")) ++out.paragraphs;
    return true;
  });
  out.text = text::trim(html::text_content(document->body()));
  return out;
}

bool ends_with_any(std::string_view text, std::initializer_list<std::string_view> ends) {
  for (const auto end : ends) {
    if (text.ends_with(end)) return true;
  }
  return false;
}

/// "… Read more", "[…]", "더 보기", "The post X appeared first on Y." (WordPress puts that below excerpts and posts
/// alike.)
bool goes_on(std::string_view text) {
  const std::size_t signature = text.rfind("The post ");
  if (signature != std::string_view::npos && text.find(" appeared first on ", signature) != std::string_view::npos) {
    text = text::trim(text.substr(0, signature));
  }
  if (ends_with_any(text, {"…", "...", "[…]", "[...]", "(…)", "(...)", "[&#8230;]", "&hellip;"})) return true;
  std::string tail = text::fold(text::repair_utf8(text.substr(text.size() - std::min(text.size(), tail_bytes))));
  for (bool cut = true; cut;) {
    cut = false;
    for (const std::string_view mark : {"»", "→", "›", ".", " ", "\n", ">"}) {
      if (!tail.ends_with(mark)) continue;
      tail.resize(tail.size() - mark.size());
      cut = true;
    }
  }
  if (ends_with_any(tail, {"read more", "continue reading", "read the rest of this entry", "read on", "keep reading",
                           "full story", "더 보기", "더보기", "계속 읽기", "전체 보기", "자세히 보기", "이어서 읽기",
                           "続きを読む"})) {
    return true;
  }
  // "Continue reading <title> on <site>", "Continue reading on Medium"
  const std::size_t at = tail.rfind("continue reading");
  return at != std::string::npos && tail.find('\n', at) == std::string::npos;
}

}  // namespace

bool is_excerpt(const FeedEntry& entry) {
  if (text::trim(entry.content).empty()) return true;
  const Shape shape = shape_of(entry);
  if (goes_on(shape.text)) return true;
  if (!entry.summary) return false;  // an element of its own for the whole content
  return shape.text.size() < long_enough && shape.paragraphs < 2;
}

}  // namespace twin::feature
