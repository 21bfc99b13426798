// DOCX, ODT and EPUB are ZIPs of XML: reading their parts within limits.
#pragma once

#include <map>
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "core/result.h"
#include "feature/format_rules.h"

namespace twin::feature::office {

/// Name of a part → its bytes.
using Parts = std::map<std::string, std::string>;

/// The parts that `wanted` accepts. A broken part is an error of the whole: half a document is none.
[[nodiscard]] Result<Parts> read_parts(std::string_view bytes, const std::string& name, const FormatRules& rules,
                                       bool (*wanted)(std::string_view part));

/// Parses with pugixml, which knows no entities but XML's five, loads nothing, and takes memory in proportion to the
/// input. White space is kept, what is no UTF-8 repaired. Elements nested deeper than the rules allow are
/// ErrorKind::limit.
[[nodiscard]] Result<pugi::xml_document> parse_xml(std::string_view bytes, const std::string& part,
                                                   const FormatRules& rules);

/// A part that was read, parsed; an absent one is an empty document.
[[nodiscard]] Result<pugi::xml_document> part(const Parts& parts, const std::string& name, const FormatRules& rules);

/// Whether a node is the element of that name.
[[nodiscard]] inline bool is(const pugi::xml_node& node, std::string_view name) {
  return node.name() == name;
}
/// All text below a node.
[[nodiscard]] std::string text_below(const pugi::xml_node& node);
/// Text of the first child of that name, trimmed.
[[nodiscard]] std::string child_text(const pugi::xml_node& node, const char* name);

}  // namespace twin::feature::office
