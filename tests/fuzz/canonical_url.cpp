// Addresses of documents and links in pages.
#include "feature/collect/canonical_url.h"

#include "fuzz.h"

using namespace twin;

TWIN_FUZZ(canonical_url, bytes) {
  const std::string url(bytes);
  const std::string once = feature::canonical_url(url);
  fuzz::require(feature::canonical_url(once) == once, "the canonical form is canonical");
  const std::size_t line = bytes.find('\n');
  if (line != std::string_view::npos) {
    (void)feature::resolve_url(std::string(bytes.substr(0, line)), bytes.substr(line + 1));
  }
  (void)feature::resolve_url("https://example.org/a/b", bytes);
  (void)feature::file_url("/" + url);
}
