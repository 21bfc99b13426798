#include "feature/clean/html_metadata.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/json.h"
#include "core/text/unicode.h"

namespace twin::feature::html {
namespace {

/// JSON-LD is foreign data: bigger blocks are not worth reading.
constexpr std::size_t max_json_ld = 1 << 20;

std::string one_line(std::string_view text) {
  std::string out;
  for (const auto word : text::split(text, ' ')) {
    std::string cleaned;
    for (const char c : word) cleaned += c == '\n' || c == '\t' || c == '\r' ? ' ' : c;
    for (const auto piece : text::split(cleaned, ' ')) {
      if (piece.empty()) continue;
      if (!out.empty()) out += ' ';
      out += piece;
    }
  }
  return out;
}

using Metas = std::map<std::string, std::vector<std::string>>;

std::string first(const Metas& metas, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    const auto it = metas.find(key);
    if (it != metas.end()) return it->second.front();
  }
  return {};
}

void add_author(std::vector<std::string>& authors, std::string_view text) {
  std::string name = one_line(text);
  const bool link = name.find("://") != std::string::npos;
  constexpr std::size_t longest_name = 100;
  if (name.empty() || link || name.size() > longest_name) return;
  if (std::find(authors.begin(), authors.end(), name) == authors.end()) authors.push_back(std::move(name));
}

void add_json_authors(std::vector<std::string>& authors, const Json& value) {
  if (value.is_string()) {
    add_author(authors, value.get_ref<const std::string&>());
  } else if (value.is_object() && value.contains("name") && value["name"].is_string()) {
    add_author(authors, value["name"].get_ref<const std::string&>());
  } else if (value.is_array()) {
    for (const auto& entry : value) {
      if (!entry.is_array()) add_json_authors(authors, entry);
    }
  }
}

/// schema.org Article, BlogPosting … in <script type="application/ld+json">.
void read_json_ld(const std::string& text, PageMetadata& page) {
  if (text.size() > max_json_ld) return;
  // A depth limit by callback: the parser itself is iterative, but destroying deep values is not.
  constexpr int max_depth = 32;
  const Json root = Json::parse(
      text, [](int depth, nlohmann::ordered_json::parse_event_t, Json&) { return depth < max_depth; }, false);
  if (root.is_discarded()) return;
  std::vector<const Json*> entries;
  const auto add = [&](const Json& value) {
    if (value.is_object()) entries.push_back(&value);
  };
  if (root.is_array()) {
    for (const auto& entry : root) add(entry);
  } else {
    add(root);
    if (root.is_object() && root.contains("@graph") && root["@graph"].is_array()) {
      for (const auto& entry : root["@graph"]) add(entry);
    }
  }
  for (const Json* entry : entries) {
    if (!entry->contains("headline") && !entry->contains("datePublished")) continue;
    if (page.authors.empty() && entry->contains("author")) add_json_authors(page.authors, (*entry)["author"]);
    const auto date = entry->find("datePublished");
    if (page.published == 0 && date != entry->end() && date->is_string()) {
      page.published = parse_time(date->get<std::string>()).value_or(0);
    }
  }
}

/// "Post title - Blog" or "Blog | Post title": the heading of the page is the part that is its own.
std::string page_title(const std::string& og, const std::string& title, const std::vector<std::string>& headings) {
  if (!og.empty()) return og;
  for (const auto& heading : headings) {
    if (!heading.empty() && title.find(heading) != std::string::npos && heading.size() * 4 >= title.size())
      return heading;
  }
  if (title.empty() && !headings.empty()) return headings.front();
  return title;
}

}  // namespace

PageMetadata read_metadata(const Document& document) {
  PageMetadata page;
  Metas metas;
  std::string title, lang;
  std::vector<std::string> headings, bylines, json_ld;
  UnixMillis time_element = 0;
  walk(document.root(), [&](Node* node) {
    const auto element = name(node);
    if (element == "meta") {
      std::string key(attribute(node, "property"));
      if (key.empty()) key = attribute(node, "name");
      if (key.empty()) key = attribute(node, "itemprop");
      if (key.empty()) key = attribute(node, "http-equiv");
      const std::string value = one_line(attribute(node, "content"));
      if (!key.empty() && !value.empty()) metas[text::fold(key)].push_back(value);
    } else if (element == "link" && one_of("canonical", attribute(node, "rel"))) {
      page.other.emplace("canonical", text::trim(attribute(node, "href")));
    } else if (element == "base" && page.base_url.empty()) {
      page.base_url = text::trim(attribute(node, "href"));
    } else if (element == "html") {
      lang = attribute(node, "lang");
      if (lang.empty()) lang = attribute(node, "xml:lang");
    } else if (element == "title" && title.empty()) {
      title = one_line(text_content(node));
    } else if (element == "h1") {
      headings.push_back(one_line(text_content(node)));
    } else if (element == "time" && time_element == 0 && has_attribute(node, "datetime")) {
      time_element = parse_time(std::string(attribute(node, "datetime"))).value_or(0);
    } else if (element == "script" && attribute(node, "type") == "application/ld+json") {
      if (const Node* child = first_child(node); child != nullptr && is_text(child)) json_ld.emplace_back(data(child));
    } else if (attribute(node, "rel") == "author" || attribute(node, "itemprop") == "author" ||
               has_class(node, "p-author")) {
      bylines.push_back(text_content(node));
    }
    return element != "template";
  });

  page.title = page_title(first(metas, {"og:title", "twitter:title"}), title, headings);
  for (const char* key : {"author", "article:author", "dc.creator", "dcterms.creator", "twitter:creator:name"}) {
    const auto it = metas.find(key);
    if (it == metas.end() || !page.authors.empty()) continue;
    for (const auto& value : it->second) add_author(page.authors, value);
  }
  const std::string date = first(metas, {"article:published_time", "datepublished", "og:published_time", "date",
                                         "dc.date", "dcterms.created", "dcterms.date", "pubdate", "publish-date"});
  page.published = date.empty() ? 0 : parse_time(date).value_or(0);
  for (const auto& text : json_ld) read_json_ld(text, page);
  for (const auto& text : bylines) {
    if (page.authors.empty()) add_author(page.authors, text);
  }
  if (page.published == 0) page.published = time_element;

  page.language = !lang.empty() ? lang : first(metas, {"content-language", "og:locale", "dc.language"});
  const auto keep = [&](const char* name, std::initializer_list<const char*> keys) {
    if (const auto value = first(metas, keys); !value.empty()) page.other.emplace(name, value);
  };
  keep("canonical", {"og:url"});
  keep("description", {"description", "og:description"});
  keep("tags", {"keywords"});
  return page;
}

}  // namespace twin::feature::html
