#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "core/i18n.h"
#include "stores/warehouse/document.h"

namespace twin::stores {
namespace {

// Reads the known keys of one object and remembers the first thing that is wrong.
class Reader {
 public:
  Reader(const Json& json, std::string what) : json_(json), what_(std::move(what)) {
    if (!json.is_object()) report(tr("{}: not a JSON object", what_));
  }

  void field(const char* key, std::string& value) {
    if (const Json* found = find(key)) {
      if (found->is_string()) {
        value = found->get<std::string>();
      } else {
        wrong(key, tr("a text"));
      }
    }
  }

  void field(const char* key, bool& value) {
    if (const Json* found = find(key)) {
      if (found->is_boolean()) {
        value = found->get<bool>();
      } else {
        wrong(key, tr("true or false"));
      }
    }
  }

  template <class Integer>
  void field(const char* key, Integer& value) {
    if (const Json* found = find(key)) {
      if (found->is_number_unsigned() && found->get<std::uint64_t>() <= max_of<Integer>()) {
        value = static_cast<Integer>(found->get<std::uint64_t>());
      } else if (found->is_number_integer() && !found->is_number_unsigned() &&
                 found->get<std::int64_t>() >= std::numeric_limits<Integer>::min()) {
        value = static_cast<Integer>(found->get<std::int64_t>());
      } else {
        wrong(key, tr("a whole number"));
      }
    }
  }

  void field(const char* key, std::vector<std::string>& values) {
    const Json* found = find(key);
    if (!found) return;
    if (!found->is_array()) return wrong(key, tr("a list of texts"));
    for (const auto& item : *found) {
      if (!item.is_string()) return wrong(key, tr("a list of texts"));
      values.push_back(item.get<std::string>());
    }
  }

  void field(const char* key, std::map<std::string, std::string>& values) {
    const Json* found = find(key);
    if (!found) return;
    if (!found->is_object()) return wrong(key, tr("an object of texts"));
    for (const auto& [name, item] : found->items()) {
      if (!item.is_string()) return wrong(key, tr("an object of texts"));
      values[name] = item.get<std::string>();
    }
  }

  /// Call last: what was not asked for would be lost in silence.
  void no_other_keys() {
    if (failed_) return;
    for (const auto& [key, value] : json_.items()) {
      if (!known_.contains(key)) report(tr("{}: unknown key \"{}\"", what_, key));
    }
  }

  void report(std::string message) {
    if (!failed_) message_ = std::move(message);
    failed_ = true;
  }

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] const std::string& message() const { return message_; }

 private:
  template <class Integer>
  static constexpr std::uint64_t max_of() {
    return static_cast<std::uint64_t>(std::numeric_limits<Integer>::max());
  }

  const Json* find(const char* key) {
    known_.insert(key);
    if (failed_) return nullptr;
    const auto it = json_.find(key);
    return it == json_.end() ? nullptr : &*it;
  }

  void wrong(const char* key, const std::string& wanted) { report(tr("{}: \"{}\" must be {}", what_, key, wanted)); }

  const Json& json_;
  std::string what_;
  std::set<std::string, std::less<>> known_;
  bool failed_ = false;
  std::string message_;
};

}  // namespace

Json to_json(const Document& document) {
  Json json;
  json["id"] = document.id;
  json["url"] = document.url;
  json["source"] = document.source;
  json["category"] = document.category;
  json["author_ids"] = document.author_ids;
  json["title"] = document.title;
  json["body"] = document.body;
  json["raw_sha256"] = document.raw_sha256;
  json["raw_type"] = document.raw_type;
  json["language"] = document.language;
  json["published"] = document.published;
  json["fetched"] = document.fetched;
  json["content_hash"] = document.content_hash;
  json["version"] = document.version;
  json["deleted"] = document.deleted;
  json["deleted_at"] = document.deleted_at;
  json["metadata"] = Json::object();
  for (const auto& [key, value] : document.metadata) json["metadata"][key] = value;
  return json;
}

Result<Document> document_from_json(const Json& json) {
  Reader reader(json, "document");
  Document document;
  reader.field("id", document.id);
  reader.field("url", document.url);
  reader.field("source", document.source);
  reader.field("category", document.category);
  reader.field("author_ids", document.author_ids);
  reader.field("title", document.title);
  reader.field("body", document.body);
  reader.field("raw_sha256", document.raw_sha256);
  reader.field("raw_type", document.raw_type);
  reader.field("language", document.language);
  reader.field("published", document.published);
  reader.field("fetched", document.fetched);
  reader.field("content_hash", document.content_hash);
  reader.field("version", document.version);
  reader.field("deleted", document.deleted);
  reader.field("deleted_at", document.deleted_at);
  reader.field("metadata", document.metadata);
  reader.no_other_keys();
  if (!reader.failed() && document.url.empty()) reader.report(tr("A document needs a \"url\""));
  if (!reader.failed() && document.version < 0) reader.report(tr("The version of a document cannot be negative"));
  const std::string id = document_id(document.url);
  if (document.id.empty()) document.id = id;
  if (!reader.failed() && document.id != id) {
    reader.report(tr("The id of a document must be that of its URL: {}", id));
  }
  if (reader.failed()) return fail(ErrorKind::invalid, reader.message(), document.url);
  return document;
}

Json to_json(const User& user) {
  Json json;
  json["id"] = user.id;
  json["name"] = user.name;
  json["aliases"] = user.aliases;
  return json;
}

Result<User> user_from_json(const Json& json) {
  Reader reader(json, "user");
  User user;
  reader.field("id", user.id);
  reader.field("name", user.name);
  reader.field("aliases", user.aliases);
  reader.no_other_keys();
  if (!reader.failed() && (user.id.empty() || user.name.empty())) {
    reader.report(tr("A user needs an \"id\" and a \"name\""));
  }
  if (reader.failed()) return fail(ErrorKind::invalid, reader.message(), user.name);
  return user;
}

}  // namespace twin::stores
