#include "feature/clean/office/package.h"

#include <algorithm>

#include "core/archive.h"
#include "core/i18n.h"
#include "core/text/unicode.h"

namespace twin::feature::office {

Result<Parts> read_parts(std::string_view bytes, const std::string& name, const FormatRules& rules,
                         bool (*wanted)(std::string_view part)) {
  Parts parts;
  Result<void> broken;
  ArchiveLimits limits;
  limits.max_entries = 50'000;
  limits.max_bytes = static_cast<std::uint64_t>(rules.max_unpacked_megabytes) << 20;
  limits.max_entry_bytes = limits.max_bytes;
  const Result<void> done = read_archive_bytes(
      bytes, name, [&](const ArchiveEntry& entry) { return wanted(entry.path); },
      [&](Result<ArchiveFile>&& file) {
        if (file) {
          parts[file->entry.path] = std::move(file->bytes);
        } else {
          broken = tl::unexpected(std::move(file.error()));
        }
        return broken.has_value();
      },
      limits);
  if (done && broken) return parts;
  Error error = broken ? done.error() : broken.error();
  if (error.kind == ErrorKind::limit) error.hint = tr("Raise clean.formats.max_unpacked_megabytes");
  return tl::unexpected(std::move(error));
}

namespace {

/// pugixml takes bytes as they are, and "&#xD800;" for a character.
void repair(pugi::xml_node node) {
  const auto broken = [](const char* text) { return text::first_invalid_utf8(text) != std::string_view::npos; };
  if (broken(node.value())) node.set_value(text::repair_utf8(node.value()).c_str());
  for (auto attribute : node.attributes()) {
    if (broken(attribute.value())) attribute.set_value(text::repair_utf8(attribute.value()).c_str());
  }
}

/// A reference to NUL ("&#0;", which XML forbids) would end pugixml's C strings, and what stands behind it be lost.
std::string without_nul_references(std::string_view bytes) {
  std::string out;
  std::size_t copied = 0;
  for (std::size_t at = bytes.find("&#"); at != std::string_view::npos; at = bytes.find("&#", at + 2)) {
    const std::size_t digits = at + 2 + (bytes.substr(at + 2, 1) == "x" ? 1 : 0);
    const std::size_t end = std::min(bytes.find_first_not_of('0', digits), bytes.size());
    if (end == digits || bytes.substr(end, 1) != ";") continue;
    out += bytes.substr(copied, at - copied);
    out += "\xEF\xBF\xBD";
    copied = end + 1;
  }
  return out += bytes.substr(copied);
}

}  // namespace

Result<pugi::xml_document> parse_xml(std::string_view bytes, const std::string& part, const FormatRules& rules) {
  pugi::xml_document document;
  const std::string text = without_nul_references(bytes);
  const auto parsed = document.load_buffer(text.data(), text.size(), pugi::parse_default | pugi::parse_ws_pcdata);
  if (!parsed) {
    return fail(ErrorKind::invalid,
                tr("{} is not well-formed XML: {} at byte {}", part, parsed.description(), parsed.offset));
  }
  int depth = 0;
  for (pugi::xml_node node = document.first_child(); node;) {
    repair(node);
    if (pugi::xml_node below = node.first_child()) {
      node = below;
      if (++depth > rules.max_xml_depth) {
        return fail(ErrorKind::limit, tr("{} nests elements deeper than {}", part, rules.max_xml_depth), {},
                    tr("Raise clean.formats.max_xml_depth"));
      }
      continue;
    }
    while (node && !node.next_sibling()) {
      node = node.parent();
      --depth;
    }
    if (node) node = node.next_sibling();
  }
  return document;
}

Result<pugi::xml_document> part(const Parts& parts, const std::string& name, const FormatRules& rules) {
  const auto found = parts.find(name);
  if (found == parts.end()) return pugi::xml_document();
  return parse_xml(found->second, name, rules);
}

std::string text_below(const pugi::xml_node& node) {
  std::string out;
  if (node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata) out += node.value();
  for (const auto& child : node.children()) out += text_below(child);
  return out;
}

std::string child_text(const pugi::xml_node& node, const char* name) {
  return std::string(text::trim(text_below(node.child(name))));
}

}  // namespace twin::feature::office
