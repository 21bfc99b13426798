// Is a page empty without its scripts?
#include "core/text/unicode.h"
#include "feature/clean/dom.h"
#include "feature/collect/webdriver.h"

namespace twin::feature {
namespace {

/// Ids and elements that frameworks put their page into.
constexpr std::string_view root_ids =
    "root app app-root main-app __next __nuxt ___gatsby svelte q-app react-root application";

std::size_t visible_text(html::Node* body) {
  std::size_t length = 0;
  html::walk(body, [&](html::Node* node) {
    if (html::one_of(html::name(node), "script style noscript template svg")) return false;
    if (html::is_text(node)) {
      for (const char c : html::data(node)) length += c != ' ' && c != '\n' && c != '\t' && c != '\r' && c != '\f';
    }
    return true;
  });
  return length;
}

bool asks_for_javascript(std::string_view text) {
  const std::string folded = text::fold(text::repair_utf8(text));
  for (const std::string_view word : {"javascript", "java script", "자바스크립트", "スクリプト"}) {
    if (folded.find(word) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

bool needs_javascript(std::string_view page, int min_text) {
  const auto document = html::Document::parse(page);
  if (!document || document->body() == nullptr) return false;
  if (visible_text(document->body()) >= static_cast<std::size_t>(min_text)) return false;
  bool scripts = false, root = false, asks = false;
  html::walk(document->root(), [&](html::Node* node) {
    const auto name = html::name(node);
    if (name == "script") scripts = true;
    if (!html::attribute(node, "id").empty() && html::one_of(html::attribute(node, "id"), root_ids)) root = true;
    if (name == "app-root" || html::has_attribute(node, "ng-app") || html::has_attribute(node, "data-reactroot"))
      root = true;
    // Its content is text or elements, as the parser's scripting flag has it.
    if (name == "noscript") asks = asks || asks_for_javascript(html::text_content(node));
    return true;
  });
  return scripts && (root || asks);
}

}  // namespace twin::feature
