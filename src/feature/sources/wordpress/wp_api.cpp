#include "feature/sources/wordpress/wp_api.h"

#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/sources/web/address.h"
#include "feature/sources/web/json.h"
#include "feature/sources/web/page.h"

namespace twin::feature::wordpress {
namespace {

using web::at;
using web::member;
using web::string_of;

/// The API is known by the addresses with a query ("?rest_route=/wp/v2/") where permalinks are off: parameters then
/// follow with "&".
std::string with_query(const std::string& address, const std::string& query) {
  return address + (address.find('?') == std::string::npos ? "?" : "&") + query;
}

/// Times of the "_gmt" fields have no zone: they are UTC. Drafts have "0000-00-00T00:00:00".
UnixMillis gmt_time(const Json& object, std::string_view key) {
  std::string text = string_of(object, key);
  if (text.empty() || text.starts_with("0000")) return 0;
  if (text.find('Z') == std::string::npos && text.find('+') == std::string::npos) text += "Z";
  return parse_time(text).value_or(0);
}

/// "code" and "message" of an error, when the answer is one.
Result<Json> list_of(std::string_view answer) {
  auto json = web::parse_json(answer, {});
  if (!json || json->is_array()) return json;
  const std::string message = string_of(*json, "message");
  return fail(ErrorKind::network, tr("The service answered: {}", message.empty() ? "not a list" : message), {},
              tr("The service may have changed; try again later"));
}

std::vector<std::string> terms(const Json& item, std::string_view taxonomy) {
  std::vector<std::string> out;
  const Json& groups = at(item, {"_embedded", "wp:term"});
  if (!groups.is_array()) return out;
  for (const auto& group : groups) {
    if (!group.is_array()) continue;
    for (const auto& term : group) {
      if (string_of(term, "taxonomy") != taxonomy) continue;
      if (auto name = web::plain_title(string_of(term, "name")); !name.empty()) out.push_back(std::move(name));
    }
  }
  return out;
}

Post post_of(const Json& item) {
  Post post;
  post.id = web::integer_of(member(item, "id"));
  const Json& content = member(item, "content");
  post.is_protected = web::bool_of(content, "protected");
  RawDocument& raw = post.document;
  raw.url = string_of(item, "link");
  raw.media_type = "text/html";
  raw.bytes = string_of(content, "rendered");
  raw.title = web::plain_title(string_of(at(item, {"title", "rendered"})));
  raw.published = gmt_time(item, "date_gmt");
  for (const auto& name : web::strings_of(at(item, {"_embedded", "author"}), "name")) {
    raw.authors.push_back(web::plain_title(name));
  }
  raw.metadata["charset"] = "utf-8";
  if (const auto modified = gmt_time(item, "modified_gmt"); modified != 0 && modified != raw.published) {
    raw.metadata["modified"] = format_time(modified);
  }
  if (const auto tags = terms(item, "post_tag"); !tags.empty()) raw.metadata["tags"] = web::joined(tags);
  if (const auto categories = terms(item, "category"); !categories.empty())
    raw.metadata["category"] = web::joined(categories);
  return post;
}

}  // namespace

std::string api_root(const std::string& site) {
  const auto address = web::parse_address(site);
  if (!address) return {};
  if (!address->label_below("wordpress.com").empty()) {
    return "https://public-api.wordpress.com/wp/v2/sites/" + address->host + "/";
  }
  std::string path = address->path;
  if (const std::size_t api = path.find("/wp-json"); api != std::string::npos) path.resize(api);
  while (path.ends_with('/')) path.pop_back();
  return address->origin + path + "/wp-json/wp/v2/";
}

std::string list_url(const std::string& root, const std::string& type, int page, int per_page) {
  return with_query(root + type, "per_page=" + std::to_string(per_page) + "&page=" + std::to_string(page) +
                                     "&orderby=id&order=asc&_fields=id,link,modified_gmt");
}

Result<std::vector<Listed>> parse_listing(std::string_view answer) {
  const auto json = list_of(answer);
  if (!json) return tl::unexpected(json.error());
  std::vector<Listed> out;
  for (const auto& entry : *json) {
    Listed item{web::integer_of(member(entry, "id")), string_of(entry, "link"), string_of(entry, "modified_gmt")};
    if (item.id > 0 && web::parse_address(item.url)) out.push_back(std::move(item));
  }
  return out;
}

std::string items_url(const std::string& root, const std::string& type, const std::vector<std::int64_t>& ids) {
  std::string list;
  for (const auto id : ids) list += (list.empty() ? "" : ",") + std::to_string(id);
  return with_query(root + type, "include=" + list + "&per_page=" + std::to_string(ids.size()) +
                                     "&orderby=include&_embed=author,wp:term");
}

Result<std::vector<Post>> parse_items(std::string_view answer) {
  const auto json = list_of(answer);
  if (!json) return tl::unexpected(json.error());
  std::vector<Post> out;
  for (const auto& entry : *json) {
    if (entry.is_object()) out.push_back(post_of(entry));
  }
  return out;
}

}  // namespace twin::feature::wordpress
