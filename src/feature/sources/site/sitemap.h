// Sitemaps (sitemaps.org protocol 0.9): XML, index, plain text, RSS and Atom used as one; robots.txt lines that name
// them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace twin::feature::site {

struct SitemapEntry {
  std::string url;       ///< as written
  std::string modified;  ///< <lastmod>, as written; empty when not given
};

struct Sitemap {
  std::vector<SitemapEntry> pages;
  std::vector<SitemapEntry> sitemaps;  ///< of an index
  std::size_t left_out = 0;            ///< entries beyond the limit
  std::string problem;                 ///< why the rest could not be read; empty: all was
};

struct SitemapLimits {
  std::size_t max_entries = 50'000;       ///< of one file, as the protocol has it
  std::uint64_t max_bytes = 50ull << 20;  ///< unpacked, as the protocol has it
  std::uint64_t max_ratio = 200;          ///< unpacked to packed bytes, after the first MiB
};

/// Parses one file, gzip or not (told by its first bytes). XML entities of a DTD are never expanded. Of a file that is
/// broken in the middle, the entries before are kept. What is no sitemap is ErrorKind::invalid; limit when too large.
[[nodiscard]] Result<Sitemap> parse_sitemap(std::string_view bytes, const SitemapLimits& limits = {});

/// The addresses of the "Sitemap:" lines, in order (they stand outside the groups of RFC 9309).
[[nodiscard]] std::vector<std::string> sitemaps_of_robots(std::string_view robots_txt);

/// gzip → bytes. ErrorKind::limit beyond the limits, invalid when it is no gzip; one that is cut off too.
[[nodiscard]] Result<std::string> gunzip(std::string_view bytes, std::uint64_t max_bytes, std::uint64_t max_ratio);

}  // namespace twin::feature::site
