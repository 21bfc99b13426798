#include "feature/clean/json_ld.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/json.h"
#include "core/text/unicode.h"
#include "feature/clean/dom.h"

namespace twin::feature::html {
namespace {

/// JSON-LD is foreign data: bigger blocks are not worth reading.
constexpr std::size_t max_json_ld = 1 << 20;
/// A depth limit by callback: the parser itself is iterative, but destroying deep values is not.
constexpr int max_depth = 32;

Json parse(std::string_view text) {
  const auto shallow = [](int depth, nlohmann::ordered_json::parse_event_t, Json&) { return depth < max_depth; };
  Json root = Json::parse(text, shallow, false);
  if (!root.is_discarded()) return root;
  // Line ends inside strings are the usual mistake.
  std::string repaired(text);
  std::replace_if(
      repaired.begin(), repaired.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return Json::parse(repaired, shallow, false);
}

std::string text_of(const Json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end()) return {};
  if (it->is_string()) return std::string(text::trim(it->get_ref<const std::string&>()));
  if (it->is_object() && it->contains("name") && (*it)["name"].is_string()) {
    return std::string(text::trim((*it)["name"].get_ref<const std::string&>()));
  }
  return {};
}

void set(std::string& field, std::string value) {
  if (field.empty()) field = std::move(value);
}

void add_names(std::vector<std::string>& names, const Json& value) {
  if (value.is_string()) {
    names.push_back(value.get<std::string>());
  } else if (value.is_object() && value.contains("name")) {
    if (value["name"].is_string()) names.push_back(value["name"].get<std::string>());
    if (value["name"].is_array()) {
      for (const auto& name : value["name"]) {
        if (name.is_string()) names.push_back(name.get<std::string>());
      }
    }
  } else if (value.is_array()) {
    for (const auto& entry : value) {
      if (!entry.is_array()) add_names(names, entry);
    }
  }
}

std::string types_of(const Json& entry) {
  const auto it = entry.find("@type");
  if (it == entry.end()) return {};
  if (it->is_string()) return it->get<std::string>();
  std::string out;
  if (it->is_array()) {
    for (const auto& type : *it) {
      if (type.is_string()) out += type.get<std::string>() + " ";
    }
  }
  return out;
}

void read_entry(const Json& entry, JsonLd& out) {
  const std::string types = types_of(entry);
  if (one_of("WebSite", types)) set(out.site_name, text_of(entry, "name"));
  const bool article = types.find("Article") != std::string::npos || types.find("Posting") != std::string::npos ||
                       types.find("Report") != std::string::npos || one_of("WebPage", types) ||
                       entry.contains("headline");
  if (!article) return;
  if (!one_of("WebPage", types)) {
    set(out.headline, text_of(entry, "headline"));
    set(out.article_body, text_of(entry, "articleBody"));
  }
  set(out.published, text_of(entry, "datePublished"));
  set(out.published, text_of(entry, "dateCreated"));
  set(out.modified, text_of(entry, "dateModified"));
  set(out.language, text_of(entry, "inLanguage"));
  set(out.license, text_of(entry, "license"));
  set(out.description, text_of(entry, "description"));
  set(out.site_name, text_of(entry, "publisher"));
  if (out.authors.empty() && entry.contains("author")) add_names(out.authors, entry["author"]);
  if (out.tags.empty() && entry.contains("keywords")) add_names(out.tags, entry["keywords"]);
}

}  // namespace

void read_json_ld(std::string_view text, JsonLd& out) {
  if (text.size() > max_json_ld) return;
  const Json root = parse(text);
  if (root.is_discarded()) return;
  const auto read = [&](const Json& value) {
    if (!value.is_object()) return;
    read_entry(value, out);
    for (const char* key : {"@graph", "mainEntity", "mainEntityOfPage"}) {
      const auto it = value.find(key);
      if (it == value.end()) continue;
      if (it->is_object()) read_entry(*it, out);
      if (!it->is_array()) continue;
      for (const auto& entry : *it) {
        if (entry.is_object()) read_entry(entry, out);
      }
    }
  };
  if (root.is_array()) {
    for (const auto& entry : root) read(entry);
  } else {
    read(root);
  }
}

}  // namespace twin::feature::html
