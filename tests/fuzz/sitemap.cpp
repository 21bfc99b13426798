// Sitemaps, packed or not, and robots.txt lines that name them.
#include "feature/sources/site/sitemap.h"

#include "fuzz.h"

using namespace twin;
using namespace twin::feature;

TWIN_FUZZ(sitemap, bytes) {
  const site::SitemapLimits limits{.max_entries = 50, .max_bytes = 1 << 20, .max_ratio = 50};
  const auto sitemap = site::parse_sitemap(bytes, limits);
  if (!sitemap) {
    fuzz::require(!sitemap.error().message.empty(), "an error says what happened");
  } else {
    fuzz::require(sitemap->pages.size() <= limits.max_entries && sitemap->sitemaps.size() <= limits.max_entries,
                  "the limit of entries holds");
    for (const auto& page : sitemap->pages) fuzz::require(!page.url.empty(), "an entry has an address");
  }
  for (const auto& url : site::sitemaps_of_robots(bytes)) {
    fuzz::require(!url.empty() && url.find('\n') == std::string::npos, "an address is one line");
  }
}
