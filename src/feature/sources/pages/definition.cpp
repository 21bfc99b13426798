#include "feature/sources/pages/definition.h"

#include <re2/re2.h>

#include "core/i18n.h"
#include "feature/clean/dom.h"
#include "feature/collect/canonical_url.h"
#include "feature/sources/pages/dates.h"

namespace twin::feature::pages {
namespace {

std::string selector_problem(const std::string& selector) {
  if (selector.empty()) return {};
  const auto page = html::Document::parse("<p></p>");
  if (!page) return {};
  const auto found = page->select(page->root(), selector);
  return found ? std::string() : found.error().message;
}

std::string pattern_problem(const std::string& pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 compiled(pattern, options);
  return compiled.ok() ? std::string() : tr("'{}' is no regular expression: {}", pattern, compiled.error());
}

std::string address_problem(const std::string& url) {
  return url.empty() || is_web(url) ? std::string() : tr("'{}' is no address of the web", url);
}

std::string template_problem(const std::string& url) {
  if (url.empty()) return {};
  if (url.find("{page}") == std::string::npos) return tr("'{}' has no {{page}} for the number of the page", url);
  return address_problem(url);
}

}  // namespace

void ValueRule::bind(config::Binder& b) {
  b.field("selector", selector, "CSS selector", {.check = selector_problem});
  b.field("attribute", attribute, "Attribute with the value; none: the text");
  b.field("pattern", pattern, "Regular expression (RE2); its first group, else the whole match, is the value",
          {.check = pattern_problem});
}

void BodyRule::bind(config::Binder& b) {
  b.field("selector", selector, "CSS selector; none: the main content is found by itself", {.check = selector_problem});
  b.field("remove", remove, "CSS selectors of what is left out", {.check = selector_problem});
}

void Definition::bind(config::Binder& b) {
  b.field("url", url, "Page with links to the documents, or the document itself");
  b.field("urls", urls, "Further such pages", {.check = address_problem});
  b.field("link_selector", link_selector, "CSS selector of the links to documents (a, or elements around one)",
          {.check = selector_problem});
  b.field("link_pattern", link_pattern, "Regular expression (RE2) that addresses of documents match",
          {.check = pattern_problem});
  b.field("include", include, "Regular expressions, one of which an address must match", {.check = pattern_problem});
  b.field("exclude", exclude, "Regular expressions that an address must not match", {.check = pattern_problem});
  b.field("other_hosts", other_hosts, "Also follow links to other hosts than that of the first page");
  b.field("next_selector", next_selector, "CSS selector of the link to the next page of the list",
          {.check = selector_problem});
  b.field("page_url", page_url, "Address of the list's pages, with {page} for the number", {.check = template_problem});
  b.field("first_page", first_page, "Number of the first page", {.min = 0, .max = 1'000'000});
  b.field("page_step", page_step, "From one page's number to the next's", {.min = 1, .max = 10'000});
  b.field("max_pages", max_pages, "Most pages of the list", {.min = 1, .max = 1'000'000});
  b.field("max_documents", max_documents, "Most documents", {.min = 1, .max = 100'000'000});
  b.group("title", title, "Title; none: that of the page");
  b.group("body", body, "Content");
  b.group("author", author, "Authors, one for each element; none: those of the page or the project");
  b.group("published", published, "Date of publication; none: that of the page");
  b.group("tags", tags, "Tags, one for each element");
  b.group("language", language, "Language; none: that of the page");
  b.field("date_formats", date_formats, "Forms of dates (strptime: %Y.%m.%d); none: the usual ones",
          {.check = format_problem});
  b.field("timezone", timezone, "Offset of dates without one: +09:00", {.check = timezone_problem});
}

std::string load_definition(const std::string& file, Definition& into) {
  Definition read;
  const auto errors = config::read({{.file = file, .values = {}, .origin = {}, .origins = {}}},
                                   [&](config::Binder& b) { read.bind(b); });
  std::string text;
  for (const auto& error : errors) text += (text.empty() ? "" : "; ") + error.text();
  if (errors.empty()) into = std::move(read);
  return text;
}

}  // namespace twin::feature::pages
