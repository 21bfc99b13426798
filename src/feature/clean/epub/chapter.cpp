#include "feature/clean/epub/chapter.h"

#include <pugixml.hpp>
#include <set>
#include <sstream>
#include <string_view>

#include "core/text/unicode.h"

namespace twin::feature::epub {
namespace {

bool is_void(std::string_view name) {
  static const std::set<std::string_view> names = {"area",  "base", "br",   "col",   "embed",  "hr",    "img",
                                                   "input", "link", "meta", "param", "source", "track", "wbr"};
  return names.contains(name);
}

void mend(pugi::xml_node node) {
  if (node.type() != pugi::node_element) return;
  const std::string_view name = node.name();
  if (!node.first_child() && !is_void(name)) node.append_child(pugi::node_pcdata).set_value("");
  if (name != "aside") return;
  const std::string_view type = node.attribute("epub:type").value(), role = node.attribute("role").value();
  if (type.find("note") != std::string_view::npos || role.find("note") != std::string_view::npos) node.set_name("div");
}

bool fence(std::string_view line) {
  line = text::trim(line);
  return line.starts_with("```") || line.starts_with("~~~");
}

}  // namespace

std::string html_of(const std::string& xhtml) {
  pugi::xml_document document;
  // Escapes are neither read nor written: named entities of HTML go through as they are.
  const unsigned flags = (pugi::parse_default | pugi::parse_ws_pcdata) & ~static_cast<unsigned>(pugi::parse_escapes);
  if (!document.load_buffer(xhtml.data(), xhtml.size(), flags)) return xhtml;
  for (pugi::xml_node node = document.first_child(); node;) {
    mend(node);
    if (node.first_child()) {
      node = node.first_child();
      continue;
    }
    while (node && !node.next_sibling()) node = node.parent();
    if (node) node = node.next_sibling();
  }
  std::ostringstream out;
  document.save(out, "", pugi::format_raw | pugi::format_no_escapes | pugi::format_no_declaration, pugi::encoding_utf8);
  return out.str();
}

std::string with_labels(const std::string& markdown, const std::string& prefix) {
  std::set<std::string> labels;
  bool code = false;
  const auto lines = text::split(markdown, '\n');
  for (const auto line : lines) {
    if (fence(line)) code = !code;
    const std::size_t end = line.find("]:");
    if (!code && line.starts_with("[^") && end != std::string_view::npos) labels.emplace(line.substr(2, end - 2));
  }
  if (labels.empty()) return markdown;
  std::string out;
  code = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string line(lines[i]);
    if (fence(line)) code = !code;
    for (std::size_t at = code ? std::string::npos : line.find("[^"); at != std::string::npos;
         at = line.find("[^", at + 1)) {
      const std::size_t end = line.find(']', at);
      const bool escaped = at > 0 && line[at - 1] == '\\';
      if (!escaped && end != std::string::npos && labels.contains(line.substr(at + 2, end - at - 2)))
        line.insert(at + 2, prefix + "-");
    }
    out += (i > 0 ? "\n" : "") + line;
  }
  return out;
}

}  // namespace twin::feature::epub
