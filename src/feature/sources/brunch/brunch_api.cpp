#include "feature/sources/brunch/brunch_api.h"

#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/clean/charset.h"
#include "feature/clean/dom.h"
#include "feature/sources/web/json.h"

namespace twin::feature::brunch {
namespace {

using web::member;
using web::string_of;

std::string first_of(const Json& object, std::initializer_list<std::string_view> keys) {
  for (const auto key : keys) {
    if (std::string value = string_of(object, key); !value.empty()) return value;
  }
  return {};
}

}  // namespace

Result<Page> parse_list(std::string_view answer) {
  const auto json = web::parse_json(answer, {});
  if (!json) return tl::unexpected(json.error());
  const Json& data = member(*json, "data");
  const Json& list = data.is_array() ? data : member(data, "list");
  if (!list.is_array()) {
    const std::string message = first_of(*json, {"desc", "message", "code"});
    return fail(ErrorKind::invalid, tr("The service answered: {}", message), {},
                tr("The service may have changed; try again later"));
  }
  Page page;
  const Json& more = member(data, "moreList");
  page.more = !more.is_boolean() || more.get<bool>();
  for (const auto& entry : list) {
    Listed article;
    article.number = first_of(entry, {"no", "articleNo"});
    article.title = string_of(entry, "title");
    article.subtitle = string_of(entry, "subTitle");
    article.author = first_of(entry, {"userName", "profileName"});
    article.magazine = first_of(entry, {"magazineTitle"});
    article.keywords = web::strings_of(member(entry, "articleKeywordList"), "keyword");
    if (article.keywords.empty()) article.keywords = web::strings_of(member(entry, "keywordList"), "keyword");
    article.publish_time = first_of(entry, {"publishTime", "publishTimestamp"});
    article.published = web::time_of(
        member(entry, article.publish_time.empty() || member(entry, "publishTime").is_null() ? "publishTimestamp"
                                                                                             : "publishTime"));
    article.updated = first_of(entry, {"updateTime", "updateTimestamp"});
    const std::string status = string_of(entry, "status");
    article.public_status = status.empty() || status == "publish";
    if (!article.number.empty() && article.number.find_first_not_of("0123456789") == std::string::npos) {
      page.articles.push_back(std::move(article));
    }
  }
  return page;
}

std::string feed_of_profile(std::string_view bytes) {
  const auto document = html::Document::parse(text::repair_utf8(bytes));
  if (!document) return {};
  std::string found;
  html::walk(document->root(), [&](html::Node* node) {
    const auto href = html::attribute(node, "href");
    if (found.empty() && html::name(node) == "link" && html::attribute(node, "type") == "application/rss+xml" &&
        href.find("/rss/@@") != std::string_view::npos) {
      found = href;
    }
    return true;
  });
  return found;
}

PostPage read_post_page(std::string_view bytes) {
  PostPage page;
  const auto document = html::Document::parse(text::repair_utf8(bytes));
  if (!document || document->body() == nullptr) return page;
  html::walk(document->root(), [&](html::Node* node) {
    if (html::has_class(node, "wrap_body") || html::has_class(node, "wrap_item")) {
      page.has_body = page.has_body || html::text_length(node) > 0;
    }
    if (html::has_class(node, "link_keyword")) {
      std::string keyword(text::trim(html::text_content(node)));
      if (!keyword.empty()) page.keywords.push_back(std::move(keyword));
    }
    if (html::name(node) != "meta") return true;
    std::string key(html::attribute(node, "property"));
    if (key.empty()) key = html::attribute(node, "name");
    const std::string value(text::trim(html::attribute(node, "content")));
    if (key == "og:title") page.title = value;
    if ((key == "og:article:author" || key == "article:author" || key == "by") && page.author.empty() &&
        value.find("://") == std::string::npos) {
      page.author = value;
    }
    if (key == "article:published_time") page.published = parse_time(value).value_or(0);
    return true;
  });
  return page;
}

}  // namespace twin::feature::brunch
