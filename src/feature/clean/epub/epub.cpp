#include "feature/clean/epub/epub.h"

#include <set>
#include <vector>

#include "core/i18n.h"
#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "feature/clean/charset.h"
#include "feature/clean/epub/chapter.h"
#include "feature/clean/formats.h"
#include "feature/clean/office/package.h"

namespace twin::feature {
namespace {

using Xml = pugi::xml_node;

bool wanted(std::string_view part) {
  const auto ends = [&](std::string_view end) { return part.ends_with(end); };
  return part == "META-INF/container.xml" || part == "META-INF/encryption.xml" || part == "META-INF/rights.xml" ||
         ends(".opf") || ends(".xhtml") || ends(".html") || ends(".htm") || ends(".xml");
}

std::string_view local(const Xml& node) {
  const std::string_view name = node.name();
  return name.substr(name.find(':') == std::string_view::npos ? 0 : name.find(':') + 1);
}

Xml child(const Xml& node, std::string_view name) {
  return node.find_child([&](const Xml& entry) { return local(entry) == name; });
}

/// "text/ch%201.xhtml" relative to "OEBPS/content.opf" is "OEBPS/text/ch 1.xhtml".
std::string resolve(const std::string& base, std::string_view href) {
  href = href.substr(0, href.find('#'));
  std::string decoded;
  for (std::size_t i = 0; i < href.size(); ++i) {
    const bool escape =
        href[i] == '%' && i + 2 < href.size() && text::hex_value(href[i + 1]) >= 0 && text::hex_value(href[i + 2]) >= 0;
    decoded += escape ? static_cast<char>(text::hex_value(href[i + 1]) * 16 + text::hex_value(href[i + 2])) : href[i];
    i += escape ? 2 : 0;
  }
  std::vector<std::string> parts;
  const std::size_t slash = base.find_last_of('/');
  const std::string path = base.substr(0, slash == std::string::npos ? 0 : slash) + "/" + decoded;
  for (const auto part : text::split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.emplace_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : "/") + part;
  return text::nfc(text::first_invalid_utf8(out) == std::string_view::npos ? out : text::repair_utf8(out));
}

void read_metadata(const Xml& metadata, Cleaned& out) {
  std::string tags;
  for (const Xml& node : metadata.children()) {
    const auto name = local(node);
    const std::string value(text::trim(office::text_below(node)));
    if (value.empty()) continue;
    if (name == "title" && out.title.empty()) out.title = value;
    if (name == "creator") out.authors.push_back(value);
    if (name == "language" && out.language.empty()) out.language = value;
    if (name == "subject") tags += (tags.empty() ? "" : ", ") + value;
    if (name == "publisher" || name == "identifier" || name == "rights" || name == "description")
      out.metadata.emplace(name, value);
    const bool modification = std::string_view(node.attribute("opf:event").value()) == "modification";
    if (name == "date" && !modification && out.published == 0) {
      // A year alone is common.
      const bool year = value.size() == 4 && value.find_first_not_of("0123456789") == std::string::npos;
      out.published = parse_time(year ? value + "-01-01" : value).value_or(0);
    }
    if (name == "meta" && std::string_view(node.attribute("property").value()) == "dcterms:modified")
      out.metadata["modified"] = value;
  }
  if (!tags.empty()) out.metadata["tags"] = tags;
}

std::vector<std::string> spine_of(const Xml& package, const std::string& opf) {
  std::map<std::string, std::string> hrefs;
  for (const Xml& item : child(package, "manifest").children()) {
    const std::string_view type = item.attribute("media-type").value(),
                           properties = item.attribute("properties").value();
    const bool text = type == "application/xhtml+xml" || type == "text/html" || type == "application/x-dtbook+xml";
    if (!text || properties.find("nav") != std::string_view::npos) continue;
    hrefs[item.attribute("id").value()] = resolve(opf, item.attribute("href").value());
  }
  std::vector<std::string> out;
  std::set<std::string> seen;
  for (const Xml& reference : child(package, "spine").children()) {
    const auto found = hrefs.find(reference.attribute("idref").value());
    if (found != hrefs.end() && seen.insert(found->second).second) out.push_back(found->second);
  }
  return out;
}

}  // namespace

Result<Cleaned> clean_epub(const RawDocument& raw, const CleanRules& rules) {
  const auto parts = office::read_parts(raw.bytes, raw.url, rules.formats, wanted);
  if (!parts) return tl::unexpected(parts.error());
  const auto broken = [&](const std::string& what) {
    return fail(ErrorKind::invalid, tr("This is no EPUB: {} is missing", what), raw.url);
  };
  if (!parts->contains("META-INF/container.xml")) return broken("META-INF/container.xml");
  const auto container = office::parse_xml(parts->at("META-INF/container.xml"), "container.xml", rules.formats);
  if (!container) return tl::unexpected(container.error());
  const std::string opf =
      resolve("", child(child(container->document_element(), "rootfiles"), "rootfile").attribute("full-path").value());
  if (!parts->contains(opf)) return broken(opf.empty() ? "rootfile" : opf);
  const auto package = office::parse_xml(parts->at(opf), opf, rules.formats);
  if (!package) return tl::unexpected(package.error());

  Cleaned out;
  read_metadata(child(package->document_element(), "metadata"), out);
  CleanRules chapter_rules = rules;
  chapter_rules.main_selectors = {"body"};  // a chapter is nothing but content
  int number = 0;
  for (const std::string& name : spine_of(package->document_element(), opf)) {
    ++number;
    const auto note = [&](ErrorKind kind, const std::string& message) {
      out.notes.push_back({kind, tr("Chapter {}: {}", name, message), raw.url, {}});
    };
    const auto found = parts->find(name);
    if (found == parts->end()) {
      note(ErrorKind::not_found, tr("it is not in the book"));
      continue;
    }
    const auto decoded = decode(found->second, declared_charset(found->second));
    if (!decoded) {
      const bool drm = parts->contains("META-INF/encryption.xml");
      note(ErrorKind::invalid, drm ? tr("it is encrypted (DRM)") : decoded.error().message);
      continue;
    }
    RawDocument page;
    page.url = raw.url;
    page.media_type = "text/html";
    auto cleaned = clean_html(normalize_characters(epub::html_of(decoded->text), true), page, chapter_rules);
    if (!cleaned) {
      note(cleaned.error().kind, cleaned.error().message);
      continue;
    }
    if (cleaned->markdown.empty()) continue;  // a cover
    if (!out.markdown.empty()) out.markdown += "\n\n";
    out.markdown += epub::with_labels(cleaned->markdown, std::to_string(number));
    if (out.title.empty()) out.title = cleaned->title;
    for (auto& entry : cleaned->notes) out.notes.push_back(std::move(entry));
  }
  if (number == 0) return broken("spine");
  if (out.markdown.empty()) {
    return fail(ErrorKind::invalid, tr("No chapter of the book could be read"), raw.url,
                out.notes.empty() ? std::string() : out.notes.front().message);
  }
  return out;
}

}  // namespace twin::feature
