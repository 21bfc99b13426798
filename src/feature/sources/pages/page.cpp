#include "feature/sources/pages/page.h"

#include <re2/re2.h>

#include <algorithm>
#include <set>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/clean/charset.h"
#include "feature/clean/markdown_escape.h"
#include "feature/collect/canonical_url.h"
#include "feature/sources/pages/dates.h"

namespace twin::feature::pages {
namespace {

std::string host_of(const std::string& url) {
  const std::size_t start = url.find("://");
  if (start == std::string::npos) return {};
  const std::string_view rest = std::string_view(url).substr(start + 3);
  std::string host = text::fold(text::repair_utf8(rest.substr(0, rest.find_first_of("/?#"))));
  if (host.starts_with("www.")) host.erase(0, 4);
  return host;
}

std::string charset_of(const HttpResponse& response) {
  const std::string type = text::fold(text::repair_utf8(response.header("content-type")));
  const std::size_t at = type.find("charset=");
  if (at == std::string::npos) return {};
  std::string name = type.substr(at + 8, type.find(';', at) - at - 8);
  std::erase(name, '"');
  return std::string(text::trim(name));
}

std::unique_ptr<RE2> compiled(const std::string& pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  return std::make_unique<RE2>(pattern, options);
}

/// The link of an element: its own, or that of the first link inside.
std::string href_of(html::Node* node) {
  std::string href;
  html::walk(node, [&](html::Node* at) {
    if (href.empty() && (html::name(at) == "a" || html::name(at) == "area" || html::name(at) == "link")) {
      href = html::attribute(at, "href");
    }
    return href.empty();
  });
  return href;
}

}  // namespace

std::string media_type(const HttpResponse& response) {
  const std::string_view header = response.header("content-type");
  std::string type = text::fold(text::repair_utf8(text::trim(header.substr(0, header.find(';')))));
  return type.empty() || type == "application/xhtml+xml" ? "text/html" : type;
}

Result<Page> Page::parse(const HttpResponse& response, const std::string& url) {
  auto decoded = decode(response.body, charset_of(response), declared_charset(response.body));
  if (!decoded) return tl::unexpected(decoded.error());
  auto document = html::Document::parse(decoded->text);
  if (!document) return tl::unexpected(document.error());
  Page page(std::move(*document), url, std::move(decoded->text));
  page.base_ = response.url.empty() ? url : response.url;
  const auto base = page.document_.select(page.document_.root(), "base[href]");
  if (base && !base->empty()) page.base_ = resolve_url(page.base_, html::attribute(base->front(), "href"));
  return page;
}

std::vector<std::string> Page::links(const std::string& selector) const {
  std::vector<std::string> out;
  std::set<std::string> seen;
  const auto nodes = document_.select(document_.root(), selector);
  if (!nodes) return out;  // checked with the configuration
  for (html::Node* node : *nodes) {
    const std::string href = href_of(node);
    if (href.empty()) continue;
    std::string url = resolve_url(base_, href);
    url = url.substr(0, url.find('#'));
    if (!is_web(url)) continue;
    if (seen.insert(url).second) out.push_back(std::move(url));
  }
  return out;
}

std::vector<std::string> Page::values(const ValueRule& rule) const {
  std::vector<std::string> out;
  if (rule.selector.empty()) return out;
  const auto nodes = document_.select(document_.root(), rule.selector);
  if (!nodes) return out;
  const auto pattern = rule.pattern.empty() ? nullptr : compiled(rule.pattern);
  for (const html::Node* node : *nodes) {
    const std::string whole =
        rule.attribute.empty() ? html::text_content(node) : std::string(html::attribute(node, rule.attribute));
    std::string value(text::trim(collapse_spaces(whole)));
    if (pattern != nullptr) {
      re2::StringPiece parts[2];
      const int groups = std::min(pattern->NumberOfCapturingGroups(), 1);
      if (!pattern->Match(value, 0, value.size(), RE2::UNANCHORED, parts, groups + 1)) continue;
      value = std::string(text::trim(std::string(parts[groups].data(), parts[groups].size())));
    }
    if (!value.empty()) out.push_back(std::move(value));
  }
  return out;
}

Result<RawDocument> Page::document(const Definition& definition, std::vector<Error>& notes) {
  RawDocument raw;
  raw.url = url_;
  raw.media_type = "text/html";
  raw.metadata["charset"] = "utf-8";
  const auto first = [](std::vector<std::string> all) { return all.empty() ? std::string() : std::move(all.front()); };
  raw.title = first(values(definition.title));
  raw.language = first(values(definition.language));
  raw.authors = values(definition.author);
  std::string tags;
  for (const auto& tag : values(definition.tags)) tags += (tags.empty() ? "" : ", ") + tag;
  if (!tags.empty()) raw.metadata["tags"] = tags;

  const std::string date = first(values(definition.published));
  if (!date.empty()) {
    const auto time = parse_date(date, definition.date_formats, offset_minutes(definition.timezone).value_or(0));
    raw.published = time.value_or(0);
    if (!time) {
      notes.push_back({ErrorKind::invalid, tr("The date '{}' is not understood", std::string(text::clip(date, 80))),
                       url_, tr("Set date_formats of this source")});
    }
  } else if (!definition.published.selector.empty()) {
    notes.push_back({ErrorKind::not_found, tr("'{}' finds nothing on this page", definition.published.selector), url_,
                     tr("Check published.selector of this source")});
  }

  for (const auto& selector : definition.body.remove) {
    const auto nodes = document_.select(document_.root(), selector);
    if (!nodes) continue;
    for (html::Node* node : *nodes) {
      if (!html::one_of(html::name(node), "html head body")) html::detach(node);
    }
  }
  if (definition.body.selector.empty()) {
    raw.bytes = definition.body.remove.empty() ? std::move(text_) : html::outer_html(document_.root());
    return raw;
  }
  const auto nodes = document_.select(document_.root(), definition.body.selector);
  std::string content;
  for (html::Node* node : nodes.value_or(std::vector<html::Node*>{})) {
    bool inside = false;  // of another that was found: its text is there already
    for (const html::Node* up = html::parent(node); up != nullptr && !inside; up = html::parent(up)) {
      inside = std::find(nodes->begin(), nodes->end(), up) != nodes->end();
    }
    if (!inside) content += html::outer_html(node) + "\n";
  }
  if (content.empty()) {
    return fail(ErrorKind::not_found, tr("'{}' finds nothing on this page", definition.body.selector), url_,
                tr("Check body.selector of this source"));
  }
  raw.bytes = "<!DOCTYPE html>\n<html>" + (document_.head() == nullptr ? "" : html::outer_html(document_.head())) +
              "<body><main>\n" + content + "</main></body></html>\n";
  return raw;
}

struct LinkRules::State {
  std::string host;  ///< empty: any
  std::unique_ptr<RE2> pattern;
  std::vector<std::unique_ptr<RE2>> include, exclude;
};

LinkRules::LinkRules(const Definition& definition) : state_(std::make_unique<State>()) {
  const std::string& start = !definition.url.empty() || definition.urls.empty() ? definition.url : definition.urls[0];
  if (!definition.other_hosts) state_->host = host_of(start.empty() ? definition.page_url : start);
  if (!definition.link_pattern.empty()) state_->pattern = compiled(definition.link_pattern);
  for (const auto& pattern : definition.include) state_->include.push_back(compiled(pattern));
  for (const auto& pattern : definition.exclude) state_->exclude.push_back(compiled(pattern));
}
LinkRules::~LinkRules() = default;
LinkRules::LinkRules(LinkRules&&) noexcept = default;

bool LinkRules::accepts(const std::string& url) const {
  if (!state_->host.empty() && host_of(url) != state_->host) return false;
  const auto matches = [&](const std::unique_ptr<RE2>& pattern) { return RE2::PartialMatch(url, *pattern); };
  if (state_->pattern != nullptr && !matches(state_->pattern)) return false;
  if (std::any_of(state_->exclude.begin(), state_->exclude.end(), matches)) return false;
  return state_->include.empty() || std::any_of(state_->include.begin(), state_->include.end(), matches);
}

}  // namespace twin::feature::pages
