#include "feature/sources/tistory/tistory_pages.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "feature/clean/charset.h"
#include "feature/clean/dom.h"
#include "feature/sources/web/json.h"
#include "feature/sources/web/korean_time.h"

namespace twin::feature::tistory {
namespace {

using web::member;
using web::string_of;

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 12 && std::all_of(text.begin(), text.end(), text::is_ascii_digit);
}

/// The object behind `name =` in a script: from its brace to the one that closes it.
std::string_view script_object(std::string_view script, std::string_view name) {
  const std::size_t at = script.find(name);
  if (at == std::string_view::npos) return {};
  const std::size_t open = script.find('{', at);
  if (open == std::string_view::npos || script.find_first_not_of(" \t\n=", at + name.size()) != open) return {};
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = open; i < script.size(); ++i) {
    const char c = script[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return script.substr(open, i - open + 1);
    }
  }
  return {};
}

/// window.T.entryInfo = {"entryId":12,"isAuthor":false,"categoryId":3,"categoryLabel":"개발/C++"};
void read_entry_info(std::string_view script, PostPage& page) {
  const auto object = script_object(script, "T.entryInfo");
  if (object.empty()) return;
  const auto info = web::parse_json(object, {});
  if (!info) return;
  page.entry_id = string_of(*info, "entryId");
  page.category = string_of(*info, "categoryLabel");
}

/// The BlogPosting of schema.org that each post carries.
void read_json_ld(std::string_view script, PostPage& page) {
  const auto json = web::parse_json(script, {});
  if (!json || string_of(*json, "@type") != "BlogPosting") return;
  page.title = string_of(*json, "headline");
  page.author = string_of(web::at(*json, {"author", "name"}));
  page.published = web::time_of(member(*json, "datePublished"));
  page.modified = web::time_of(member(*json, "dateModified"));
}

void read_meta(const html::Node* node, PostPage& page) {
  std::string key(html::attribute(node, "property"));
  if (key.empty()) key = html::attribute(node, "name");
  const std::string value(text::trim(html::attribute(node, "content")));
  if (value.empty()) return;
  if (key == "og:title" && page.title.empty()) page.title = value;
  if ((key == "og.article.author" || key == "by") && page.author.empty()) page.author = value;
  if (key == "article:published_time" && page.published == 0) page.published = parse_time(value).value_or(0);
  if (key == "article:modified_time" && page.modified == 0) page.modified = parse_time(value).value_or(0);
  if (key == "og:regDate" && page.published == 0) page.published = web::parse_korean_time(value).value_or(0);
}

}  // namespace

std::string post_path(const std::string& given, bool pages) {
  if (given.empty()) return {};
  std::string path = given;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  if (path.starts_with("/m/")) path.erase(0, 2);
  if (is_number(std::string_view(path).substr(1))) return path;
  if (path.starts_with("/entry/") && path.size() > 7) return path;
  if (pages && path.starts_with("/notice/") && is_number(std::string_view(path).substr(8))) return path;
  if (pages && path.starts_with("/pages/") && path.size() > 7) return path;
  return {};
}

PostPage read_post_page(std::string_view bytes) {
  PostPage page;
  const auto decoded = decode(bytes, declared_charset(bytes));
  if (!decoded) return page;
  const auto document = html::Document::parse(decoded->text);
  if (!document || document->body() == nullptr) return page;
  bool asks_password = false;
  html::walk(document->root(), [&](html::Node* node) {
    const auto name = html::name(node);
    if (name == "script") {
      const html::Node* child = html::first_child(node);
      if (child == nullptr || !html::is_text(child)) return true;
      if (html::attribute(node, "type") == "application/ld+json") {
        read_json_ld(html::data(child), page);
      } else {
        read_entry_info(html::data(child), page);
      }
    } else if (name == "input") {
      asks_password = asks_password || html::attribute(node, "type") == "password";
    } else if (name == "a" && html::one_of("tag", html::attribute(node, "rel"))) {
      std::string tag(text::trim(html::text_content(node)));
      while (tag.starts_with("#")) tag.erase(0, 1);
      if (!tag.empty() && std::find(page.tags.begin(), page.tags.end(), tag) == page.tags.end())
        page.tags.push_back(tag);
    }
    return true;
  });
  html::walk(document->root(), [&](html::Node* node) {
    if (html::name(node) == "meta") read_meta(node, page);
    return true;
  });
  page.is_protected =
      asks_password && html::text_content(document->body()).find("보호되어 있는 글입니다") != std::string::npos;
  return page;
}

}  // namespace twin::feature::tistory
