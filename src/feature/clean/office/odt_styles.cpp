#include "feature/clean/office/odt_styles.h"

#include <algorithm>
#include <set>

#include "core/text/unicode.h"
#include "feature/clean/office/blocks.h"

namespace twin::feature::office {
namespace {

/// Style names encode blanks: "Preformatted_20_Text".
void by_name(const std::string& name, OdtStyle& style) {
  const std::string folded = text::fold(name);
  const auto has = [&](std::string_view word) { return folded.find(word) != std::string::npos; };
  if (has("preformatted") || has("source_20_text") || has("code") || has("코드")) style.code = true;
  if (has("quotation") || has("인용")) style.quote = true;
  if (folded == "title" || folded == "제목") style.title = true;
}

}  // namespace

OdtStyles::OdtStyles(const pugi::xml_document& styles, const pugi::xml_document& content) {
  for (const auto* document : {&styles, &content}) {
    const auto root = document->document_element();
    read(root.child("office:styles"));
    read(root.child("office:automatic-styles"));
  }
  for (const auto& [name, node] : nodes_) {
    OdtStyle& style = styles_[name];
    bool weight_set = false, slant_set = false, strike_set = false;
    std::set<std::string> seen;
    for (std::string at = name; !at.empty() && seen.size() < max_style_ancestors && seen.insert(at).second;) {
      by_name(at, style);
      const auto found = nodes_.find(at);
      if (found == nodes_.end()) break;
      by_name(found->second.attribute("style:display-name").value(), style);
      const auto text = found->second.child("style:text-properties");
      const auto set = [&](const char* key, bool& known, bool& value, std::string_view means_not) {
        if (known || !text.attribute(key)) return;
        known = true;
        value = std::string_view(text.attribute(key).value()) != means_not;
      };
      set("fo:font-weight", weight_set, style.bold, "normal");
      set("fo:font-style", slant_set, style.italic, "normal");
      set("style:text-line-through-style", strike_set, style.strike, "none");
      const std::string font = text::fold(text.attribute("style:font-name").value());
      if (font.find("mono") != std::string::npos || font.find("courier") != std::string::npos ||
          font.find("consolas") != std::string::npos || font.find("d2coding") != std::string::npos) {
        style.code = true;
      }
      at = found->second.attribute("style:parent-style-name").value();
    }
  }
}

void OdtStyles::read(const pugi::xml_node& styles) {
  for (const auto& node : styles.children()) {
    const std::string_view kind = node.name();
    if (kind == "style:style") nodes_.emplace(node.attribute("style:name").value(), node);
    if (kind != "text:list-style") continue;
    auto& levels = lists_[node.attribute("style:name").value()];
    for (const auto& level : node.children()) {
      OdtListLevel entry;
      entry.number = std::string_view(level.name()) == "text:list-level-style-number" &&
                     !std::string_view(level.attribute("style:num-format").value()).empty();
      entry.start = std::clamp(level.attribute("text:start-value").as_int(1), 0, max_list_number);
      levels[level.attribute("text:level").as_int(1)] = entry;
    }
  }
}

OdtStyle OdtStyles::of(const std::string& name) const {
  const auto found = styles_.find(name);
  if (found != styles_.end()) return found->second;
  OdtStyle named;
  by_name(name, named);
  return named;
}

OdtListLevel OdtStyles::list(const std::string& name, int level) const {
  const auto style = lists_.find(name);
  if (style == lists_.end()) return {};
  const auto found = style->second.find(level);
  return found == style->second.end() ? OdtListLevel{} : found->second;
}

}  // namespace twin::feature::office
