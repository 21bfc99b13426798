#include "feature/sources/feed/feed_parser.h"

#include <algorithm>
#include <pugixml.hpp>
#include <sstream>

#include "core/i18n.h"
#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "feature/clean/charset.h"

namespace twin::feature {
namespace {

using Xml = pugi::xml_node;

/// Feeds use any prefix for a namespace; in practice the local name tells, except "content" and "link".
std::string_view local_name(const Xml& node) {
  const std::string_view name = node.name();
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}
std::string_view prefix(const Xml& node) {
  const std::string_view name = node.name();
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? std::string_view() : name.substr(0, colon);
}

std::string trimmed(std::string_view text) {
  return std::string(text::trim(text));
}

/// All text of an element, CDATA included.
std::string text_of(const Xml& node) {
  std::string out;
  for (const Xml& child : node.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) out += child.value();
  }
  return out;
}

/// What is inside an element as markup (Atom's type="xhtml").
std::string inner_xml(const Xml& node) {
  std::ostringstream out;
  for (const Xml& child : node.children()) child.print(out, "", pugi::format_raw | pugi::format_no_declaration);
  return out.str();
}

UnixMillis time_of(const Xml& node) {
  return parse_time(trimmed(text_of(node))).value_or(0);
}

void add_unique(std::vector<std::string>& values, std::string value) {
  if (!value.empty() && std::find(values.begin(), values.end(), value) == values.end())
    values.push_back(std::move(value));
}

/// RSS 2.0 authors are addresses: "me@example.org (My Name)".
std::string author_name(const std::string& text) {
  const std::size_t open = text.find('('), close = text.rfind(')');
  if (text.find('@') != std::string::npos && open != std::string::npos && close != std::string::npos && close > open) {
    return trimmed(std::string_view(text).substr(open + 1, close - open - 1));
  }
  return text;
}

void set_content(FeedEntry& entry, std::string content, std::string media_type, bool summary) {
  if (text::trim(content).empty()) return;
  // Full content wins over a summary, whatever the order of the elements.
  if (!entry.content.empty() && (summary || !entry.summary)) return;
  entry.content = std::move(content);
  entry.media_type = std::move(media_type);
  entry.summary = summary;
}

FeedEntry rss_entry(const Xml& item) {
  FeedEntry entry;
  bool guid_is_link = false;
  for (const Xml& child : item.children()) {
    const auto name = local_name(child);
    const auto space = prefix(child);
    if (name == "title" && space != "media") {
      entry.title = trimmed(text_of(child));
    } else if (name == "link" && entry.link.empty()) {
      entry.link = trimmed(text_of(child));
      if (entry.link.empty()) entry.link = child.attribute("href").value();
    } else if (name == "guid") {
      entry.id = trimmed(text_of(child));
      guid_is_link = std::string_view(child.attribute("isPermaLink").as_string("true")) == "true";
    } else if (name == "encoded") {
      set_content(entry, text_of(child), "text/html", false);
    } else if (name == "description" && space != "media" && space != "itunes") {
      set_content(entry, text_of(child), "text/html", true);
    } else if (name == "creator" || name == "author") {
      add_unique(entry.authors, author_name(trimmed(text_of(child))));
    } else if (name == "category" || name == "subject") {
      add_unique(entry.tags, trimmed(text_of(child)));
    } else if (name == "pubDate" || name == "date" || name == "published") {
      if (entry.published == 0) entry.published = time_of(child);
    } else if (name == "updated" || name == "modified") {
      entry.updated = time_of(child);
    }
  }
  if (entry.link.empty()) entry.link = item.attribute("rdf:about").value();
  if (entry.link.empty() && guid_is_link && entry.id.find("://") != std::string::npos) entry.link = entry.id;
  return entry;
}

void atom_text(FeedEntry& entry, const Xml& node, bool summary) {
  const std::string type = node.attribute("type").as_string("text");
  if (type == "xhtml") {
    set_content(entry, inner_xml(node), "text/html", summary);
  } else if (type == "html" || type == "text/html") {
    set_content(entry, text_of(node), "text/html", summary);
  } else if (type == "text" || type == "text/plain") {
    set_content(entry, text_of(node), "text/plain", summary);
  } else if (type == "text/markdown") {
    set_content(entry, text_of(node), "text/markdown", summary);
  }
}

FeedEntry atom_entry(const Xml& node) {
  FeedEntry entry;
  entry.language = node.attribute("xml:lang").value();
  for (const Xml& child : node.children()) {
    const auto name = local_name(child);
    if (name == "title") {
      const bool markup = std::string_view(child.attribute("type").value()) == "xhtml";
      entry.title = trimmed(markup ? child.first_child().child_value() : text_of(child));
    } else if (name == "link") {
      const std::string_view rel = child.attribute("rel").as_string("alternate");
      if (rel == "alternate" && entry.link.empty()) entry.link = child.attribute("href").value();
    } else if (name == "id") {
      entry.id = trimmed(text_of(child));
    } else if (name == "content") {
      atom_text(entry, child, false);
    } else if (name == "summary") {
      atom_text(entry, child, true);
    } else if (name == "author") {
      for (const Xml& part : child.children()) {
        if (local_name(part) == "name") add_unique(entry.authors, trimmed(text_of(part)));
      }
    } else if (name == "category") {
      add_unique(entry.tags, child.attribute("term").value());
    } else if (name == "published" || name == "issued") {
      entry.published = time_of(child);
    } else if (name == "updated" || name == "modified") {
      entry.updated = time_of(child);
    }
  }
  if (entry.published == 0) entry.published = entry.updated;
  if (entry.link.empty() && entry.id.find("://") != std::string::npos) entry.link = entry.id;
  return entry;
}

void read_channel(const Xml& channel, Feed& feed) {
  for (const Xml& child : channel.children()) {
    const auto name = local_name(child);
    if (name == "title" && feed.title.empty()) feed.title = trimmed(text_of(child));
    if (name == "language") feed.language = trimmed(text_of(child));
    if (name != "link") continue;
    const std::string_view rel = child.attribute("rel").as_string("alternate");
    // RFC 5005: the next page of a paged feed, the one before in an archive.
    if ((rel == "next" || rel == "prev-archive") && feed.next.empty()) feed.next = child.attribute("href").value();
    if (!feed.link.empty()) continue;
    if (child.attribute("href") && rel == "alternate") feed.link = child.attribute("href").value();
    if (!child.attribute("href")) feed.link = trimmed(text_of(child));
  }
}

void read_entries(const Xml& parent, Feed& feed, const FeedLimits& limits) {
  for (const Xml& child : parent.children()) {
    const auto name = local_name(child);
    if (name != "item" && name != "entry") continue;
    if (feed.entries.size() >= limits.max_entries) {
      ++feed.left_out;
    } else {
      feed.entries.push_back(name == "item" ? rss_entry(child) : atom_entry(child));
    }
  }
}

/// Atom says that the author of the feed is that of entries without one.
void inherit_authors(const Xml& root, Feed& feed) {
  std::vector<std::string> authors;
  for (const Xml& child : root.children()) {
    if (local_name(child) != "author") continue;
    for (const Xml& part : child.children()) {
      if (local_name(part) == "name") add_unique(authors, trimmed(text_of(part)));
    }
  }
  for (auto& entry : feed.entries) {
    if (entry.authors.empty()) entry.authors = authors;
  }
}

/// What servers give with status 200 in the place of a feed that moved.
bool is_page(std::string_view text) {
  const std::string start = text::ascii_lower(text.substr(0, 14));
  return start.starts_with("<!doctype html") || start.starts_with("<html");
}

}  // namespace

Result<Feed> parse_feed(std::string_view bytes, const FeedLimits& limits) {
  auto decoded = decode(bytes, declared_charset(bytes));
  if (!decoded) return tl::unexpected(decoded.error());
  // Some servers put blank lines before the declaration, which XML does not allow.
  const auto text = text::trim(decoded->text);
  if (text.starts_with("{")) return parse_json_feed(text, limits);
  if (text.empty()) return fail(ErrorKind::invalid, tr("The feed is empty: the answer holds no text"));
  pugi::xml_document document;
  const auto parsed = document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
  Feed feed;
  const Xml root = document.document_element();
  const std::string_view kind = root ? local_name(root) : std::string_view();
  const bool known = kind == "rss" || kind == "RDF" || kind == "feed";
  if (!known && is_page(text)) {
    return fail(ErrorKind::invalid, tr("This is a web page, not a feed"), {},
                tr("Give the address of the feed itself; pages often link it as RSS"));
  }
  if (!parsed && !known) {
    return fail(ErrorKind::invalid,
                tr("This is not well-formed XML: {} at byte {}", parsed.description(), parsed.offset));
  }
  if (!known) {
    return fail(ErrorKind::invalid, tr("This is XML but neither RSS nor Atom (its root is <{}>)", kind), {},
                tr("Give the address of the feed itself; pages often link it as RSS"));
  }
  if (kind == "feed") {
    read_channel(root, feed);
    feed.language = root.attribute("xml:lang").value();
    read_entries(root, feed, limits);
    inherit_authors(root, feed);
  } else {
    const Xml channel = root.find_child([](const Xml& node) { return local_name(node) == "channel"; });
    read_channel(channel, feed);
    read_entries(channel, feed, limits);
    read_entries(root, feed, limits);  // RSS 0.90 and 1.0 keep the items beside the channel
  }
  if (!parsed) {
    feed.problem = tr("This is not well-formed XML: {} at byte {}", parsed.description(), parsed.offset);
    if (!feed.entries.empty()) feed.entries.pop_back();  // cut off in the middle
    if (feed.entries.empty()) return fail(ErrorKind::invalid, feed.problem);
  }
  for (auto& entry : feed.entries) {
    if (entry.language.empty()) entry.language = feed.language;
  }
  return feed;
}

}  // namespace twin::feature
