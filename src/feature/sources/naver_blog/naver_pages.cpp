#include "feature/sources/naver_blog/naver_pages.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "feature/clean/charset.h"
#include "feature/clean/dom.h"
#include "feature/sources/web/address.h"
#include "feature/sources/web/json.h"
#include "feature/sources/web/korean_time.h"
#include "feature/sources/web/page.h"

namespace twin::feature::naver {
namespace {

using web::member;
using web::string_of;

/// Makes JSON of it: a backslash before what JSON does not escape is dropped.
std::string repair_escapes(std::string_view text) {
  static constexpr std::string_view known = "\"\\/bfnrt";
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 >= text.size()) {
      out += text[i];
      continue;
    }
    const char next = text[i + 1];
    const bool unicode = next == 'u' && i + 5 < text.size() &&
                         std::all_of(text.begin() + static_cast<std::ptrdiff_t>(i) + 2,
                                     text.begin() + static_cast<std::ptrdiff_t>(i) + 6, text::is_ascii_hex);
    if (known.find(next) != std::string_view::npos || unicode) {
      out += text[i];
      out += next;
      ++i;
    }
  }
  return out;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 20 && std::all_of(text.begin(), text.end(), text::is_ascii_digit);
}

bool is_blog_host(const web::Address& address) {
  return address.is("blog.naver.com") || address.is("m.blog.naver.com");
}

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!space) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  // The no-break space and the zero-width space that the editors put into empty lines.
  for (const std::string_view odd : {"\xC2\xA0", "\xE2\x80\x8B"}) {
    for (std::size_t at = 0; (at = out.find(odd, at)) != std::string::npos;) out.replace(at, odd.size(), " ");
  }
  return std::string(text::trim(out));
}

/// The containers of the editors, newest first.
constexpr std::string_view containers[] = {".se-main-container", ".se_component_wrap.sect_dsc",
                                           "#postViewArea",      "#viewTypeSelector",
                                           ".post_ct",           ".se_doc_viewer"};

std::string first_text(const html::Document& document, std::initializer_list<const char*> selectors) {
  for (const char* selector : selectors) {
    const auto nodes = document.select(document.root(), selector);
    if (!nodes) continue;
    for (const html::Node* node : *nodes) {
      if (auto text = one_line(html::text_content(node)); !text.empty()) return text;
    }
  }
  return {};
}

std::string meta(const html::Document& document, std::string_view key) {
  std::string found;
  html::walk(document.root(), [&](html::Node* node) {
    if (found.empty() && html::name(node) == "meta" &&
        (html::attribute(node, "property") == key || html::attribute(node, "name") == key)) {
      found = one_line(html::attribute(node, "content"));
    }
    return true;
  });
  return found;
}

}  // namespace

Result<TitleList> parse_title_list(std::string_view answer) {
  auto decoded = decode(answer);
  if (!decoded) return tl::unexpected(decoded.error());
  const auto json = web::parse_json(repair_escapes(decoded->text), {});
  if (!json) return tl::unexpected(json.error());
  if (string_of(*json, "resultCode") == "E" || !member(*json, "postList").is_array()) {
    const std::string message = web::percent_decode(string_of(*json, "resultMessage"), true);
    return fail(ErrorKind::network, tr("The service answered: {}", message.empty() ? "resultCode E" : message), {},
                tr("Check the address in twin.yaml"));
  }
  TitleList out;
  out.total = web::integer_of(member(*json, "totalCount"));
  for (const auto& entry : member(*json, "postList")) {
    Listed post{string_of(entry, "logNo"), web::percent_decode(string_of(entry, "title"), true),
                string_of(entry, "categoryNo")};
    post.title = web::plain_title(text::repair_utf8(post.title));
    if (is_number(post.log_no)) out.posts.push_back(std::move(post));
  }
  return out;
}

PostPage read_post_page(std::string_view bytes) {
  PostPage page;
  const auto decoded = decode(bytes, declared_charset(bytes));
  if (!decoded) return page;
  const auto document = html::Document::parse(decoded->text);
  if (!document || document->body() == nullptr) return page;
  for (const auto selector : containers) {
    const auto nodes = document->select(document->root(), std::string(selector));
    if (!nodes) continue;
    const bool holds = std::any_of(nodes->begin(), nodes->end(), [&](html::Node* node) {
      const auto pictures = document->select(node, "img, video, iframe");
      return html::text_length(node) > 0 || (pictures && !pictures->empty());
    });
    if (!holds) continue;
    page.has_body = true;
    page.editor = selector;
    break;
  }
  page.title = first_text(*document, {".se-title-text", ".se_title .se_textarea", ".htitle .itemSubjectBoldfont",
                                      ".htitle", ".tit_h3", ".post_tit_area .tit_h3"});
  if (page.title.empty()) page.title = meta(*document, "og:title");
  page.author = meta(*document, "naverblog:nickname");
  if (page.author.empty())
    page.author = first_text(*document, {".nick a", ".nick", "#nickNameArea", ".blog_author .ell", ".writer"});
  page.category = first_text(*document, {".blog2_series a", ".blog_category a", ".cate a", ".category"});
  const std::string date =
      first_text(*document, {".se_publishDate", ".se_date", "._postAddDate", ".blog_date", ".post_date", ".date"});
  page.published = web::parse_korean_time(date).value_or(0);
  for (const char* selector : {".post_tag .ell", ".wrap_tag .itemTagfont", ".post_tag a", "#_tagList a"}) {
    const auto nodes = document->select(document->root(), selector);
    if (!nodes || nodes->empty()) continue;
    for (const html::Node* node : *nodes) {
      std::string tag = one_line(html::text_content(node));
      while (tag.starts_with("#")) tag.erase(0, 1);
      if (!tag.empty() && std::find(page.tags.begin(), page.tags.end(), tag) == page.tags.end())
        page.tags.push_back(tag);
    }
    break;
  }
  if (!page.has_body) {
    const std::string text = one_line(html::text_content(document->body()));
    for (const std::string_view sign :
         {"비공개", "삭제되었거나", "존재하지 않는", "이웃에게만", "이웃만", "게시글이 삭제", "접근이 제한"}) {
      if (text.find(sign) == std::string::npos) continue;
      page.problem = text::clip(text, 120);
      break;
    }
  }
  return page;
}

std::string blog_id_of(const std::string& location) {
  const auto address = web::parse_address(location);
  if (!address) return {};
  const auto parts = address->parts();
  std::string id;
  if (is_blog_host(*address)) {
    id = address->parameter("blogId");
    if (id.empty() && !parts.empty() && parts.front().find('.') == std::string::npos) id = parts.front();
  } else if (address->is("rss.blog.naver.com") && parts.size() == 1) {
    id = parts.front().substr(0, parts.front().find('.'));
  }
  const bool good =
      std::all_of(id.begin(), id.end(), [](char c) { return text::is_ascii_alnum(c) || c == '_' || c == '-'; });
  return good ? id : std::string();
}

std::string log_no_of(const std::string& location) {
  const auto address = web::parse_address(location);
  if (!address || !is_blog_host(*address)) return {};
  std::string parameter = address->parameter("logNo");
  if (is_number(parameter)) return parameter;
  const auto parts = address->parts();
  return parts.size() == 2 && is_number(parts[1]) ? parts[1] : std::string();
}

std::string post_url(const std::string& blog_id, const std::string& log_no) {
  return "https://blog.naver.com/" + blog_id + "/" + log_no;
}

}  // namespace twin::feature::naver
