#include "feature/clean/office/docx_styles.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>

#include "core/text/unicode.h"
#include "feature/clean/office/blocks.h"

namespace twin::feature::office {
namespace {

int number(std::string_view text, int otherwise) {
  int value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool contains_any(const std::string& text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

/// "heading 2", "Überschrift 2", "제목 2": the digit after a known word.
int heading_of(const std::string& name) {
  for (const std::string_view word : {"heading ", "heading", "제목 ", "제목", "머리글 "}) {
    if (!name.starts_with(word) || name.size() != word.size() + 1) continue;
    const int level = name.back() - '0';
    if (level >= 1 && level <= 9) return level;
  }
  return 0;
}

void by_name(const std::string& name, DocxStyle& style) {
  if (const int level = heading_of(name)) style.heading = level;
  if (name == "title" || name == "제목") style.title = true;
  if (contains_any(name, {"source code", "code", "preformatted", "macro", "코드"})) style.code = true;
  if (contains_any(name, {"quote", "block text", "인용"})) style.quote = true;
  if (name.starts_with("toc ") || name.starts_with("table of figures") || name.starts_with("목차"))
    style.contents = true;
}

}  // namespace

std::string_view attribute(const pugi::xml_node& node, std::string_view local_name) {
  for (const auto& entry : node.attributes()) {
    std::string_view name = entry.name();
    name.remove_prefix(name.find(':') == std::string_view::npos ? 0 : name.find(':') + 1);
    if (name == local_name) return entry.value();
  }
  return {};
}

int outline_heading(const pugi::xml_node& outline) {
  const int level = number(attribute(outline, "val"), 9);
  return level < 0 || level > 9 ? 10 : level + 1;
}

namespace {

/// Levels are 0 to 8 (ECMA-376, 17.9.6); what a file says beyond is not kept.
std::optional<int> level_of(const pugi::xml_node& node) {
  const int level = number(attribute(node, "ilvl"), 0);
  return level >= 0 && level <= 8 ? std::optional(level) : std::nullopt;
}

int start_of(const pugi::xml_node& start) {
  return std::clamp(number(attribute(start, "val"), 1), 0, max_list_number);
}

}  // namespace

DocxStyles::DocxStyles(const pugi::xml_document& styles) {
  std::map<std::string, pugi::xml_node> nodes;
  for (const auto& style : styles.document_element().children("w:style")) {
    nodes.emplace(attribute(style, "styleId"), style);
  }
  for (const auto& [id, node] : nodes) {
    DocxStyle& style = styles_[id];
    bool heading_set = false, list_set = false;
    std::set<std::string> seen;
    // From the style up its ancestors: what is nearer wins.
    for (std::string at = id; !at.empty() && seen.size() < max_style_ancestors && seen.insert(at).second;) {
      const auto found = nodes.find(at);
      if (found == nodes.end()) break;
      DocxStyle own;
      by_name(text::fold(attribute(found->second.child("w:name"), "val")), own);
      const auto properties = found->second.child("w:pPr");
      if (const auto outline = properties.child("w:outlineLvl")) own.heading = outline_heading(outline);
      if (own.heading > 0 && !heading_set) {
        style.heading = own.heading > 9 ? 0 : own.heading;
        heading_set = true;
      }
      style.title = style.title || (own.title && !heading_set);
      style.code = style.code || own.code;
      style.quote = style.quote || own.quote;
      style.contents = style.contents || own.contents;
      if (const auto list = properties.child("w:numPr"); list && !list_set) {
        style.num_id = attribute(list.child("w:numId"), "val");
        style.level = number(attribute(list.child("w:ilvl"), "val"), 0);
        list_set = true;
      }
      at = attribute(found->second.child("w:basedOn"), "val");
    }
  }
}

const DocxStyle& DocxStyles::of(const std::string& id) const {
  static const DocxStyle plain;
  const auto found = styles_.find(id);
  return found == styles_.end() ? plain : found->second;
}

DocxNumbering::DocxNumbering(const pugi::xml_document& numbering) {
  const auto root = numbering.document_element();
  std::map<std::string, std::map<int, Level>> abstracts;
  const auto read_level = [](const pugi::xml_node& node) {
    const auto format = attribute(node.child("w:numFmt"), "val");
    return Level{.bullet = format == "bullet", .none = format == "none", .start = start_of(node.child("w:start"))};
  };
  for (const auto& abstract : root.children("w:abstractNum")) {
    auto& levels = abstracts[std::string(attribute(abstract, "abstractNumId"))];
    for (const auto& level : abstract.children("w:lvl")) {
      if (const auto depth = level_of(level)) levels[*depth] = read_level(level);
    }
  }
  for (const auto& num : root.children("w:num")) {
    const std::string id(attribute(num, "numId"));
    std::string abstract(attribute(num.child("w:abstractNumId"), "val"));
    auto levels = abstracts[abstract];
    bool overridden = false;
    for (const auto& change : num.children("w:lvlOverride")) {
      const auto depth = level_of(change);
      if (!depth) continue;
      Level& level = levels[*depth];
      if (const auto replaced = change.child("w:lvl")) level = read_level(replaced);
      if (const auto start = change.child("w:startOverride")) level.start = start_of(start);
      overridden = true;
    }
    levels_[id] = std::move(levels);
    abstract_[id] = overridden ? "num " + id : abstract;
  }
}

std::optional<int> DocxNumbering::next(const std::string& num_id, int level) {
  const auto list = levels_.find(num_id);
  if (list == levels_.end()) return std::nullopt;
  const auto found = list->second.find(level);
  if (found == list->second.end() || found->second.none) return std::nullopt;
  if (found->second.bullet) return 0;
  auto& counters = counters_[abstract_[num_id]];
  const auto at = counters.find(level);
  const int value = at == counters.end() ? found->second.start : std::min(at->second, max_list_number - 1) + 1;
  counters.erase(counters.upper_bound(level), counters.end());
  counters[level] = value;
  return std::max(value, 1);
}

}  // namespace twin::feature::office
