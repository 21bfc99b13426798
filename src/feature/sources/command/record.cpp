#include "feature/sources/command/record.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/collect/canonical_url.h"
#include "feature/sources/json/fields.h"
#include "feature/sources/pages/dates.h"
#include "stores/warehouse/document.h"

namespace twin::feature::command {
namespace {

constexpr std::string_view names[] = {"url",    "title",   "text",         "markdown", "html", "published", "modified",
                                      "author", "authors", "author_email", "language", "tags", "category",  "metadata"};

std::string encoded(const std::string& text) {
  std::string out = percent_encode_path(text);
  for (std::size_t at = 0; (at = out.find('/', at)) != std::string::npos;) out.replace(at, 1, "%2F");
  return out;
}

class RecordReader {
 public:
  RecordReader(const Json& record, const RecordRules& rules, const RecordPlace& place, std::vector<Error>& notes)
      : record_(record), rules_(rules), place_(place), notes_(notes) {}

  Result<RawDocument> read() {
    RawDocument raw;
    auto url = address();
    if (!url) return tl::unexpected(url.error());
    raw.url = std::move(*url);
    if (auto done = content(raw); !done) return tl::unexpected(done.error());
    raw.title = std::string(text::trim(shown("title")));
    raw.language = shown("language");
    raw.category = shown("category");
    authors(raw);
    raw.published = date("published", raw);
    if (const UnixMillis modified = date("modified", raw); modified != 0)
      raw.metadata["modified"] = format_time(modified);
    if (const std::string tags = shown("tags"); !tags.empty()) raw.metadata["tags"] = tags;
    for (const auto& [key, value] : field("metadata").items()) raw.metadata[key] = json::shown(value);
    raw.metadata["charset"] = "utf-8";
    others(raw);
    return raw;
  }

 private:
  [[nodiscard]] const Json& field(const std::string& name) {
    const auto mapped = rules_.fields.find(name);
    const std::string& path = mapped == rules_.fields.end() ? name : mapped->second;
    used_.insert(path.substr(0, path.find('.')));
    used_.insert(path);
    return json::at_path(record_, path);
  }
  [[nodiscard]] std::string shown(const std::string& name) { return json::shown(field(name)); }

  Result<std::string> address() {
    std::string url = shown("url");
    if (!rules_.url_template.empty()) return filled(rules_.url_template);
    if (!url.empty()) return url;
    std::string out = "command:" + place_.name + (place_.stream.empty() ? "" : "/" + encoded(place_.stream));
    const std::vector<std::string> id = {"id"};
    for (const auto& key : place_.keys.empty() ? id : place_.keys) {
      const std::string value = json::shown(json::at_path(record_, key));
      if (value.empty()) {
        return fail(ErrorKind::invalid, tr("The record has neither an address nor the field '{}'", key), {},
                    tr("Set fields.url or url_template of this source"));
      }
      out += "/" + encoded(value);
    }
    return out;
  }

  /// "https://example.org/{id}" with the record's fields in place of the braces.
  Result<std::string> filled(const std::string& pattern) {
    std::string out;
    for (std::size_t at = 0; at < pattern.size();) {
      const std::size_t open = std::min(pattern.find('{', at), pattern.size());
      out += pattern.substr(at, open - at);
      if (open == pattern.size()) break;
      const std::size_t close = pattern.find('}', open);
      if (close == std::string::npos)
        return fail(ErrorKind::usage, tr("'{}' has an opening brace without a closing one", pattern));
      const std::string key = pattern.substr(open + 1, close - open - 1);
      const std::string value = json::shown(json::at_path(record_, key));
      if (value.empty()) return fail(ErrorKind::invalid, tr("The record has no field '{}' for its address", key));
      out += encoded(value);
      at = close + 1;
    }
    return out;
  }

  Result<void> content(RawDocument& raw) {
    static constexpr std::pair<const char*, const char*> kinds[] = {
        {"markdown", "text/markdown"}, {"html", "text/html"}, {"text", "text/plain"}};
    for (const auto& [name, type] : kinds) {
      const Json& value = field(name);
      if (value.is_null() || !raw.media_type.empty()) continue;
      if (!value.is_string()) {
        return fail(ErrorKind::invalid, tr("The field '{}' of the record is no text", name), raw.url);
      }
      if (text::trim(value.get_ref<const std::string&>()).empty()) continue;
      raw.media_type = type;
      raw.bytes = value.get<std::string>();
    }
    if (!raw.media_type.empty()) return {};
    return fail(ErrorKind::invalid, tr("The record has no content"), raw.url,
                tr("Its text belongs into markdown, html or text; see fields of this source"));
  }

  void authors(RawDocument& raw) {
    for (const char* name : {"authors", "author"}) {
      const Json& value = field(name);
      if (value.is_string() && !value.get_ref<const std::string&>().empty())
        raw.authors.push_back(value.get<std::string>());
      if (value.is_object()) add_author(json::text(value, "name"), raw);
      if (!value.is_array()) continue;
      for (const auto& item : value) {
        add_author(item.is_string() ? item.get<std::string>() : json::text(item, "name"), raw);
      }
    }
    if (const std::string email = shown("author_email"); !email.empty() && !raw.authors.empty()) {
      raw.author_emails = {email};
    }
  }
  static void add_author(const std::string& name, RawDocument& raw) {
    if (!name.empty() && std::find(raw.authors.begin(), raw.authors.end(), name) == raw.authors.end()) {
      raw.authors.push_back(name);
    }
  }

  /// A text in one of the formats, or a number: seconds since 1970, or milliseconds when it is too large for seconds.
  UnixMillis date(const char* name, RawDocument& raw) {
    const Json& value = field(name);
    if (value.is_number()) {
      constexpr double largest_seconds = 1e11;  // the year 5138
      const double number = value.get<double>();
      if (number > -largest_seconds && number < largest_seconds) return static_cast<UnixMillis>(number * 1000);
      return number < 1e15 && number > 0 ? static_cast<UnixMillis>(number) : 0;
    }
    const std::string text = json::shown(value);
    if (text.empty()) return 0;
    const auto time = pages::parse_date(text, rules_.date_formats, pages::offset_minutes(rules_.timezone).value_or(0));
    if (time) return *time;
    raw.metadata[std::string(name) + "_text"] = text;
    notes_.push_back({ErrorKind::invalid, tr("The date '{}' is not understood", std::string(text::clip(text, 80))),
                      raw.url, tr("Set date_formats of this source")});
    return 0;
  }

  void others(RawDocument& raw) {
    if (!record_.is_object()) return;
    for (const auto& [key, value] : record_.items()) {
      const bool ours = std::find(std::begin(names), std::end(names), key) != std::end(names);
      if (ours || used_.contains(key) || raw.metadata.contains(key)) continue;
      const std::string text = json::shown(value);
      if (!text.empty()) raw.metadata[key] = text;
    }
  }

  const Json& record_;
  const RecordRules& rules_;
  const RecordPlace& place_;
  std::vector<Error>& notes_;
  std::set<std::string> used_;
};

}  // namespace

void RecordRules::bind(config::Binder& b) {
  b.field("fields", fields,
          "Where our fields (url, title, text, markdown, html, published, author, tags …) are in a record: {url: link, "
          "author: user.name}");
  b.field("url_template", url_template, "Address of a record, with its fields in braces: https://example.org/{id}");
  b.field("date_formats", date_formats, "Forms of dates (strptime: %Y.%m.%d); none: the usual ones",
          {.check = pages::format_problem});
  b.field("timezone", timezone, "Offset of dates without one: +09:00", {.check = pages::timezone_problem});
}

Result<RawDocument> read_record(const Json& record, const RecordRules& rules, const RecordPlace& place,
                                std::vector<Error>& notes) {
  if (!record.is_object()) return fail(ErrorKind::invalid, tr("The record is no JSON object"));
  return RecordReader(record, rules, place, notes).read();
}

Result<RawDocument> read_export(Json line, const std::map<std::string, Json>& users, bool& deleted) {
  if (line.is_object()) line.erase("type");
  auto document = stores::document_from_json(line);
  if (!document) return tl::unexpected(document.error());
  deleted = document->deleted;
  RawDocument raw;
  raw.url = std::move(document->url);
  raw.media_type = "text/markdown";
  raw.bytes = std::move(document->body);
  raw.title = std::move(document->title);
  raw.language = std::move(document->language);
  raw.published = document->published;
  raw.metadata = std::move(document->metadata);
  raw.metadata.erase("source_location");  // collect's own: it is this source's now
  for (const auto& id : document->author_ids) {
    const auto user = users.find(id);
    if (user == users.end()) continue;
    if (raw.authors.empty()) {
      for (const auto& alias : json::list(user->second, "aliases")) {
        if (alias.is_string()) raw.author_emails.push_back(alias.get<std::string>());
      }
    }
    raw.authors.push_back(json::text(user->second, "name"));
  }
  return raw;
}

}  // namespace twin::feature::command
