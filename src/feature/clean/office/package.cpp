#include "feature/clean/office/package.h"

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

Result<pugi::xml_document> parse_xml(std::string_view bytes, const std::string& part, const FormatRules& rules) {
  pugi::xml_document document;
  const auto parsed = document.load_buffer(bytes.data(), bytes.size(), pugi::parse_default | pugi::parse_ws_pcdata);
  if (!parsed) {
    return fail(ErrorKind::invalid,
                tr("{} is not well-formed XML: {} at byte {}", part, parsed.description(), parsed.offset));
  }
  int depth = 0;
  for (pugi::xml_node node = document.first_child(); node;) {
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
