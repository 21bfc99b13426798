// text/html → Markdown: parse, read what the page says about itself, find the writing, write it.
#include <fmt/format.h>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/clean/dom.h"
#include "feature/clean/formats.h"
#include "feature/clean/hints.h"
#include "feature/clean/html_metadata.h"
#include "feature/clean/main_content.h"
#include "feature/clean/markdown_writer.h"
#include "feature/clean/removals.h"
#include "feature/clean/selectors.h"
#include "feature/collect/canonical_url.h"

namespace twin::feature {
namespace {

/// The text in JSON-LD is taken where the page itself shows less than this share of it (the rest comes by script).
constexpr std::uint32_t body_factor = 3;
constexpr std::uint32_t shortest_body = 300;

void apply(html::PageMetadata&& page, const std::string& url, Cleaned& out) {
  out.title = std::move(page.title);
  out.authors = std::move(page.authors);
  out.published = page.published.time;
  out.modified = page.modified.time;
  out.language = std::move(page.language);
  out.metadata = std::move(page.other);
  if (!page.published.day.empty()) out.metadata["published_day"] = page.published.day;
  if (!page.modified.day.empty()) out.metadata["modified_day"] = page.modified.day;
  if (const auto canonical = out.metadata.find("canonical"); canonical != out.metadata.end()) {
    canonical->second = resolve_url(url, canonical->second);
  }
}

/// Of JSON-LD: one paragraph a line.
std::string body_as_markdown(const std::string& body) {
  if (body.find("</p>") != std::string::npos) return {};  // markup in JSON; the page has it as such, too
  return clean_text(body).markdown;
}

}  // namespace

Result<Cleaned> clean_html(const std::string& utf8, const RawDocument& raw, const CleanRules& rules,
                           const CleanOptions& options) {
  const auto document = html::Document::parse(utf8, {rules.max_html_depth, rules.max_html_elements});
  if (!document) return tl::unexpected(document.error());
  Cleaned out;
  out.read_as = "article";
  if (document->html() == nullptr) return out;

  html::PageMap page(document->html());
  html::read_hints(page);
  page.weigh();
  auto about = html::read_metadata(page, raw.url);
  const std::string base = about.base_url.empty() ? raw.url : resolve_url(raw.url, about.base_url);
  const std::string body = std::move(about.article_body);
  apply(std::move(about), base, out);

  const auto main = html::find_main(*document, page, rules);
  if (!main) return tl::unexpected(main.error());
  html::WriterContext context;
  context.page = &page;
  context.base_url = base;
  const auto quotes = html::match_selectors(*document, page, rules.quote_selectors);
  if (!quotes) return tl::unexpected(quotes.error());
  for (const auto& quote : *quotes) context.quotes.insert(page[quote.index].node);
  std::vector<std::pair<const html::Node*, std::string>> left_out;
  if (options.record_removals) context.left_out = &left_out;
  html::Node* root = page[main->index].node;
  html::find_footnotes(root, context);
  out.markdown = html::write_markdown(root, context);
  out.metadata["content_found_by"] = main->found_by;

  const std::uint32_t wanted = html::columns_of(body);
  if (rules.main_selectors.empty() && wanted >= shortest_body && page[main->index].text * body_factor < wanted) {
    if (auto markdown = body_as_markdown(body); !markdown.empty()) {
      out.markdown = std::move(markdown);
      out.metadata["content_found_by"] = "json-ld";
    }
  }
  if (options.record_removals) out.removed = html::list_removals(page, *main, context);
  if (const auto removed = html::summarize_removals(page); !removed.empty()) {
    out.notes.push_back({ErrorKind::invalid, tr("Removed from the page: {}", removed), raw.url, {}});
  }
  if (document->flattened() > 0) {
    out.notes.push_back(
        {ErrorKind::limit, tr("{} elements were nested too deep and flattened", document->flattened()), raw.url, {}});
  }
  return out;
}

}  // namespace twin::feature
