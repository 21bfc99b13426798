// Rich text: runs with annotations, links, mentions and equations.
#include <nlohmann/json.hpp>

#include "core/text/unicode.h"
#include "feature/clean/inline_markdown.h"
#include "feature/clean/markdown_escape.h"
#include "feature/sources/json/fields.h"
#include "feature/sources/notion/blocks.h"

namespace twin::feature::notion {
namespace {

/// Links within Notion come as paths.
std::string address_of(const Json& item) {
  std::string href = json::text(item, "href");
  if (href.empty()) href = json::text(json::member(json::member(item, "text"), "link"), "url");
  if (href.starts_with('/')) href = "https://www.notion.so" + href;
  return href;
}

/// "\n" in a run is a line break that its writer made.
void add_lines(InlineMarkdown& out, const std::string& content) {
  bool first = true;
  for (const auto line : text::split(content, '\n')) {
    if (!first) out.line_break();
    out.text(line);
    first = false;
  }
}

void add(InlineMarkdown& out, const Json& item) {
  if (json::text(item, "type") == "equation") {
    const std::string formula = json::text(json::member(item, "equation"), "expression");
    out.raw(formula.empty() ? "" : "$" + formula + "$");
    return;
  }
  const std::string content = json::text(item, "plain_text");
  const Json& annotations = json::member(item, "annotations");
  if (json::flag(annotations, "code")) return out.code(content);
  const std::string address = address_of(item);
  static constexpr std::pair<const char*, const char*> markers[] = {
      {"bold", "**"}, {"italic", "*"}, {"strikethrough", "~~"}};
  for (const auto& [key, marker] : markers) {
    if (json::flag(annotations, key)) out.open(marker);
  }
  const std::string_view bare = text::trim(content);
  if (address.empty() || bare.empty()) {
    add_lines(out, content);
  } else {
    if (content.front() == ' ') out.text(" ");
    out.raw("[" + escape_markdown(collapse_spaces(bare), ']') + "](" + link_destination(address) + ")");
    if (content.back() == ' ') out.text(" ");
  }
  for (auto it = std::rbegin(markers); it != std::rend(markers); ++it) {
    if (json::flag(annotations, it->first)) out.close(it->second);
  }
}

}  // namespace

std::string rich_text(const Json& items, bool one_line) {
  InlineMarkdown out;
  if (items.is_array()) {
    for (const auto& item : items) add(out, item);
  }
  return out.take(one_line);
}

std::string plain_text(const Json& items) {
  std::string out;
  if (!items.is_array()) return out;
  for (const auto& item : items) out += json::text(item, "plain_text");
  return out;
}

std::string file_address(const Json& file) {
  for (const char* kind : {"external", "file"}) {
    std::string url = json::text(json::member(file, kind), "url");
    if (url.empty()) continue;
    // The signature of a file that Notion keeps is another one in each answer: the same page must give the same bytes.
    return std::string_view(kind) == "file" ? url.substr(0, url.find('?')) : url;
  }
  return {};
}

}  // namespace twin::feature::notion
