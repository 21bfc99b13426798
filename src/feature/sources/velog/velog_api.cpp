#include "feature/sources/velog/velog_api.h"

#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "feature/collect/canonical_url.h"
#include "feature/sources/web/json.h"

namespace twin::feature::velog {
namespace {

using web::member;
using web::string_of;

constexpr const char* posts_text =
    "query Posts($cursor: ID, $username: String, $limit: Int) {\n"
    "  posts(cursor: $cursor, username: $username, limit: $limit) {\n"
    "    id title short_description url_slug released_at updated_at is_private is_temp tags\n"
    "  }\n"
    "}\n";

constexpr const char* post_text =
    "query ReadPost($username: String, $url_slug: String) {\n"
    "  post(username: $username, url_slug: $url_slug) {\n"
    "    id title short_description url_slug released_at updated_at tags body is_markdown is_private is_temp\n"
    "    user { id username profile { id display_name } }\n"
    "    series { id name url_slug }\n"
    "  }\n"
    "}\n";

/// The member of "data", or the errors in words.
Result<Json> data_of(std::string_view answer, std::string_view name) {
  auto json = web::parse_json(answer, endpoint);
  if (!json) return json;
  const Json& errors = member(*json, "errors");
  const Json& value = web::at(*json, {"data", name});
  if (errors.is_array() && !errors.empty() && value.is_null()) {
    return fail(ErrorKind::network, tr("The service answered: {}", string_of(errors.front(), "message")), endpoint,
                tr("The service may have changed; try again later"));
  }
  return value;
}

}  // namespace

std::string posts_query(const std::string& username, const std::string& cursor, int limit) {
  Json variables = {{"username", username}, {"limit", limit}};
  if (!cursor.empty()) variables["cursor"] = cursor;
  return Json{{"operationName", "Posts"}, {"variables", std::move(variables)}, {"query", posts_text}}.dump();
}

std::string post_query(const std::string& username, const std::string& slug) {
  return Json{
      {"operationName", "ReadPost"}, {"variables", {{"username", username}, {"url_slug", slug}}}, {"query", post_text}}
      .dump();
}

Result<std::vector<Listed>> parse_posts(std::string_view answer) {
  const auto list = data_of(answer, "posts");
  if (!list) return tl::unexpected(list.error());
  if (!list->is_array()) {
    return fail(ErrorKind::invalid, tr("The service gave no list of posts"), endpoint,
                tr("The service may have changed; try again later"));
  }
  std::vector<Listed> out;
  for (const auto& entry : *list) {
    Listed post;
    post.id = string_of(entry, "id");
    post.slug = string_of(entry, "url_slug");
    post.updated = string_of(entry, "updated_at");
    post.hidden = web::bool_of(entry, "is_private") || web::bool_of(entry, "is_temp");
    if (!post.id.empty() && !post.slug.empty()) out.push_back(std::move(post));
  }
  return out;
}

Result<Post> parse_post(std::string_view answer) {
  const auto json = data_of(answer, "post");
  if (!json) return tl::unexpected(json.error());
  if (!json->is_object()) return fail(ErrorKind::not_found, tr("The post does not exist or is not public"));
  Post post;
  post.slug = string_of(*json, "url_slug");
  post.title = string_of(*json, "title");
  post.body = string_of(*json, "body");
  post.short_description = string_of(*json, "short_description");
  // Posts of the first years are HTML.
  const Json& markdown = member(*json, "is_markdown");
  post.markdown = !markdown.is_boolean() || markdown.get<bool>();
  post.hidden = web::bool_of(*json, "is_private") || web::bool_of(*json, "is_temp");
  post.tags = web::strings_of(member(*json, "tags"));
  post.released = web::time_of(member(*json, "released_at"));
  post.updated = web::time_of(member(*json, "updated_at"));
  post.username = string_of(web::at(*json, {"user", "username"}));
  post.author = string_of(web::at(*json, {"user", "profile", "display_name"}));
  if (post.author.empty()) post.author = post.username;
  post.series = string_of(web::at(*json, {"series", "name"}));
  return post;
}

std::string post_url(const std::string& username, const std::string& slug) {
  return "https://velog.io/@" + percent_encode_path(username) + "/" + percent_encode_path(slug);
}

}  // namespace twin::feature::velog
