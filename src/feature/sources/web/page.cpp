#include "feature/sources/web/page.h"

#include "core/i18n.h"
#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "feature/clean/dom.h"
#include "feature/collect/fetch.h"
#include "feature/collect/media_type.h"
#include "feature/sources/web/address.h"

namespace twin::feature::web {
namespace {

constexpr const char* accepted = "text/html, application/xhtml+xml, text/markdown;q=0.9, text/plain;q=0.8, */*;q=0.5";

std::string lower(std::string_view text) {
  return text::ascii_lower(text::trim(text));
}

/// What bytes without a declared type are.
std::string sniff(std::string_view bytes) {
  if (bytes.starts_with("%PDF-")) return "application/pdf";
  const auto start = text::trim(bytes.substr(0, 256));
  return start.starts_with("<") || start.starts_with("\xEF\xBB\xBF<") ? "text/html" : "text/plain";
}

std::string type_of(const HttpResponse& response, const std::string& url) {
  std::string type = content_type(response).type;
  if (!type.empty() && type != "application/octet-stream" && type != "binary/octet-stream") return type;
  const auto address = parse_address(url);
  type = address ? media_type_of(address->path) : std::string();
  return type.empty() ? sniff(response.body) : type;
}

bool is_html(const std::string& type) {
  return type == "text/html" || type == "application/xhtml+xml";
}

}  // namespace

void JavascriptConfig::bind(config::Binder& b) {
  b.field("javascript", when,
          "Whether pages are read with a browser: never, auto (those that are empty without JavaScript) or always",
          {.one_of = {"never", "auto", "always"}});
  b.field("javascript_min_text", min_text, "javascript: auto takes a page with so many bytes of text as it is",
          {.min = 0, .max = 1'000'000});
  b.group("browser", browser, "The browser of javascript: auto and always");
}

ContentType content_type(const HttpResponse& response) {
  const std::string header = lower(response.header("content-type"));
  const std::size_t end = header.find(';');
  ContentType out{std::string(text::trim(std::string_view(header).substr(0, end))), {}};
  const std::size_t at = header.find("charset=");
  if (at == std::string::npos) return out;
  std::string_view value = std::string_view(header).substr(at + 8);
  value = value.substr(0, value.find(';'));
  value = text::trim(value);
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'')) value = value.substr(1, value.size() - 2);
  out.charset = value;
  return out;
}

Result<HttpResponse> get(SourceContext& context, const std::string& url, const Headers& headers) {
  HttpRequest request;
  request.url = url;
  request.headers = headers;
  request.max_bytes = context.max_item_bytes;
  request.stop = context.stop;
  return fetch(context.http, context.clock, request);
}

Result<HttpResponse> post_json(SourceContext& context, const std::string& url, std::string body,
                               const Headers& headers) {
  HttpRequest request;
  request.method = "POST";
  request.url = url;
  request.headers = headers;
  request.headers.emplace_back("Content-Type", "application/json");
  request.headers.emplace_back("Accept", "application/json");
  request.body = std::move(body);
  request.max_bytes = context.max_item_bytes;
  request.stop = context.stop;
  return fetch(context.http, context.clock, request);
}

HttpRequest Pages::request(const std::string& url, const Headers& headers) const {
  HttpRequest request;
  request.url = url;
  request.headers = headers;
  request.headers.emplace_back("Accept", accepted);
  request.max_bytes = context_.max_item_bytes;
  request.stop = context_.stop;
  return request;
}

Result<RawDocument> Pages::get(const std::string& url, const Headers& headers) {
  return take(url, fetch(context_.http, context_.clock, request(url, headers)));
}

Result<RawDocument> Pages::take(const std::string& url, Result<HttpResponse>&& response) {
  if (!response) {
    response.error().where = url;
    return tl::unexpected(response.error());
  }
  RawDocument raw;
  raw.url = url;
  raw.media_type = type_of(*response, url);
  raw.bytes = std::move(response->body);
  if (auto charset = content_type(*response).charset; !charset.empty()) raw.metadata["charset"] = std::move(charset);
  const std::string address = response->url.empty() ? url : response->url;
  if (address != url) raw.metadata["final_url"] = address;
  if (!is_html(raw.media_type)) return raw;
  const bool empty = javascript_.when != "always" && needs_javascript(raw.bytes, javascript_.min_text);
  if (empty && javascript_.when == "never") {
    notes.push_back({ErrorKind::invalid, tr("This page looks empty without JavaScript"), url,
                     tr("Set javascript: auto for this source; it needs chromium and chromium-driver")});
  } else if (empty || javascript_.when == "always") {
    if (const auto rendered = render(raw, address); !rendered) return tl::unexpected(rendered.error());
  }
  return raw;
}

Result<void> Pages::render(RawDocument& raw, const std::string& address) {
  if (!browser_ && !no_browser_) {
    auto started = Browser::start(javascript_.browser, context_.stop);
    if (started) {
      browser_ = std::move(*started);
    } else {
      no_browser_ = started.error();
    }
  }
  if (no_browser_) {
    Error error = *no_browser_;
    error.where = raw.url;
    return tl::unexpected(std::move(error));
  }
  auto page = browser_->render(address);
  if (!page) {
    page.error().where = raw.url;
    return tl::unexpected(page.error());
  }
  raw.bytes = std::move(page->html);
  raw.metadata["charset"] = "utf-8";
  raw.metadata["rendered"] = "true";
  if (page->url != raw.url) raw.metadata["final_url"] = page->url;
  return {};
}

std::string plain_title(const std::string& title) {
  if (title.find_first_of("<&") == std::string::npos) return title;
  const auto document = html::Document::parse(title);
  if (!document || document->body() == nullptr) return title;
  const std::string text(text::trim(html::text_content(document->body())));
  return text.empty() ? title : text;
}

}  // namespace twin::feature::web
