// A page read by the rules of a declared source, and the Link header of an API.
#include "check.h"
#include "feature/sources/github/api.h"
#include "feature/sources/pages/page.h"
#include "fuzz.h"

using namespace twin;

TWIN_FUZZ(declared_page, bytes) {
  static_cast<void>(feature::github::next_link(bytes));
  feature::pages::Definition definition;
  definition.title.selector = "h1, .title";
  definition.body.selector = ".content";
  definition.body.remove = {".share"};
  definition.published = {.selector = "time", .attribute = "datetime", .pattern = ""};
  definition.tags = {.selector = "a", .attribute = "", .pattern = "#(.*)"};
  const HttpResponse answer{.status = 200, .headers = {}, .body = std::string(bytes), .url = {}};
  auto page = feature::pages::Page::parse(answer, "https://example.org/list");
  if (!page) return;
  for (const auto& link : page->links("a[href]")) {
    fuzz::require(link.starts_with("http"), "links are addresses of the web");
  }
  std::vector<Error> notes;
  const auto document = page->document(definition, notes);
  if (!document) return;
  fuzz::require_utf8(document->title + document->bytes, "the document is UTF-8");
  fuzz::clean_as("text/html", document->bytes);
}
