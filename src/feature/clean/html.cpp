#include <fmt/format.h>

#include "core/i18n.h"
#include "feature/clean/dom.h"
#include "feature/clean/formats.h"
#include "feature/clean/html_metadata.h"
#include "feature/clean/main_content.h"
#include "feature/clean/markdown_writer.h"
#include "feature/collect/canonical_url.h"

namespace twin::feature {
namespace {

std::string summary(const std::map<std::string, int>& removed) {
  std::string out;
  for (const auto& [what, count] : removed) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, what);
  return out;
}

Result<html::WriterContext> writer_context(const html::Document& document, html::Node* main, const CleanRules& rules) {
  html::WriterContext context;
  for (const auto& selector : rules.quote_selectors) {
    const auto nodes = document.select(document.root(), selector);
    if (!nodes) return tl::unexpected(nodes.error());
    context.quotes.insert(nodes->begin(), nodes->end());
  }
  html::find_footnotes(document, main, context);
  return context;
}

}  // namespace

Result<Cleaned> clean_html(const std::string& utf8, const RawDocument& raw, const CleanRules& rules) {
  const auto document = html::Document::parse(utf8, {rules.max_html_depth, rules.max_html_elements});
  if (!document) return tl::unexpected(document.error());

  Cleaned out;
  auto page = html::read_metadata(*document);
  out.title = std::move(page.title);
  out.authors = std::move(page.authors);
  out.published = page.published;
  out.language = std::move(page.language);
  out.metadata = std::move(page.other);

  const auto removed = html::drop_chrome(*document, rules);
  if (!removed) return tl::unexpected(removed.error());
  const auto main = html::find_main(*document, rules);
  if (!main) return tl::unexpected(main.error());
  auto context = writer_context(*document, main->node, rules);
  if (!context) return tl::unexpected(context.error());
  context->base_url = page.base_url.empty() ? raw.url : resolve_url(raw.url, page.base_url);
  out.markdown = html::write_markdown(main->node, *context);
  out.metadata["content_found_by"] = main->found_by;

  if (!removed->empty()) {
    out.notes.push_back({ErrorKind::invalid, tr("Removed from the page: {}", summary(*removed)), raw.url, {}});
  }
  if (document->flattened() > 0) {
    out.notes.push_back(
        {ErrorKind::limit, tr("{} elements were nested too deep and flattened", document->flattened()), raw.url, {}});
  }
  return out;
}

}  // namespace twin::feature
