#include "feature/sources/notion/properties.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/text/unicode.h"
#include "feature/clean/markdown_escape.h"
#include "feature/sources/json/fields.h"
#include "feature/sources/notion/blocks.h"

namespace twin::feature::notion {
namespace {

std::string names_of(const Json& list) {
  std::string out;
  if (!list.is_array()) return out;
  for (const auto& item : list) {
    const std::string name = json::text(item, "name");
    if (!name.empty()) out += (out.empty() ? "" : ", ") + name;
  }
  return out;
}

std::string date_text(const Json& date) {
  const std::string start = json::text(date, "start"), end = json::text(date, "end");
  return end.empty() ? start : start + " – " + end;
}

/// A property's value as a text; empty for what says nothing outside of Notion (relations, buttons).
std::string value_text(const Json& property) {
  const std::string type = json::text(property, "type");
  const Json& value = json::member(property, type);
  if (type == "title" || type == "rich_text") return plain_text(value);
  if (type == "select" || type == "status") return json::text(value, "name");
  if (type == "multi_select" || type == "people" || type == "files") return names_of(value);
  if (type == "date") return date_text(value);
  if (type == "created_by" || type == "last_edited_by") return json::text(value, "name");
  if (type == "formula") {
    return json::text(value, "type") == "date" ? date_text(json::member(value, "date"))
                                               : json::shown(json::member(value, json::text(value, "type")));
  }
  if (type == "unique_id") {
    const std::string prefix = json::text(value, "prefix"), number = json::shown(json::member(value, "number"));
    return prefix.empty() ? number : prefix + "-" + number;
  }
  if (type == "rollup") {
    if (json::text(value, "type") != "array") return json::shown(json::member(value, json::text(value, "type")));
    std::string out;
    for (const auto& item : json::list(value, "array")) {
      const std::string text = value_text(item);
      if (!text.empty()) out += (out.empty() ? "" : ", ") + text;
    }
    return out;
  }
  if (type == "number" || type == "checkbox" || type == "url" || type == "email" || type == "phone_number" ||
      type == "created_time" || type == "last_edited_time") {
    return json::shown(value);
  }
  return {};
}

bool named(const std::string& property, const std::string& wanted, const std::vector<std::string_view>& usual) {
  const std::string folded = text::fold(property);
  if (!wanted.empty()) return folded == text::fold(wanted);
  return std::find(usual.begin(), usual.end(), folded) != usual.end();
}

void read_author(const Json& property, RawDocument& raw) {
  const std::string type = json::text(property, "type");
  if (type != "people") {
    const std::string name = value_text(property);
    if (!name.empty()) raw.authors.push_back(name);
    return;
  }
  for (const auto& person : json::list(property, "people")) {
    const std::string name = json::text(person, "name");
    const std::string email = json::text(json::member(person, "person"), "email");
    if (name.empty()) continue;
    if (raw.authors.empty() && !email.empty()) raw.author_emails = {email};
    raw.authors.push_back(name);
  }
}

}  // namespace

void PropertyNames::bind(config::Binder& b) {
  b.field("published_property", published,
          "Property with the date of publication; none: one named published, date, 날짜, 게시일 …");
  b.field("author_property", author, "Property with the authors; none: one named author, 작성자, 글쓴이 …");
}

void read_properties(const Json& page, const PropertyNames& names, RawDocument& raw) {
  std::string tags;
  raw.published = json::time(page, "created_time");
  const Json& properties = json::member(page, "properties");
  for (const auto& [name, property] : properties.items()) {
    const std::string type = json::text(property, "type");
    const std::string value = value_text(property);
    if (type == "title") {
      raw.title = std::string(text::trim(collapse_spaces(value)));
      continue;
    }
    if (value.empty()) continue;
    if (type == "multi_select") tags += (tags.empty() ? "" : ", ") + value;
    if (type == "date" &&
        named(name, names.published,
              {"published", "publish date", "published at", "date", "날짜", "게시일", "발행일", "작성일", "공개일"})) {
      const UnixMillis start = json::time(json::member(property, "date"), "start");
      if (start != 0) raw.published = start;
    }
    if (named(name, names.author, {"author", "authors", "writer", "저자", "작성자", "글쓴이", "지은이"})) {
      read_author(property, raw);
    }
    raw.metadata["property." + name] = value;
  }
  if (!tags.empty()) raw.metadata["tags"] = tags;
  const std::string public_url = json::text(page, "public_url");
  const std::string url = public_url.empty() ? json::text(page, "url") : public_url;
  if (!url.empty()) raw.metadata["notion_url"] = url;
  const std::string edited = json::text(page, "last_edited_time");
  if (!edited.empty()) raw.metadata["modified"] = edited;
}

std::string written_properties(const Json& page) {
  std::string out;
  for (const auto& [name, property] : json::member(page, "properties").items()) {
    if (json::text(property, "type") != "rich_text") continue;
    const std::string value = rich_text(json::member(property, "rich_text"));
    if (value.empty()) continue;
    out += (out.empty() ? "**" : "\n\n**") + escape_markdown(name) + "**: " + value;
  }
  return out;
}

}  // namespace twin::feature::notion
