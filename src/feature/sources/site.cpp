// All pages of a site, by its sitemap.
#include <algorithm>
#include <deque>
#include <set>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/collect/canonical_url.h"
#include "feature/collect/fetch_all.h"
#include "feature/collect/path_filter.h"
#include "feature/sources/site/sitemap.h"
#include "feature/sources/source.h"
#include "feature/sources/web/address.h"
#include "feature/sources/web/listing.h"
#include "feature/sources/web/page.h"

namespace twin::feature {
namespace {

bool names_a_sitemap(const std::string& path) {
  const std::string folded = text::fold(path);
  const std::string name = folded.substr(folded.find_last_of('/') + 1);
  return name.find("sitemap") != std::string::npos || name.ends_with(".xml") || name.ends_with(".xml.gz");
}

std::string folder(const std::string& path) {
  return path.ends_with('/') ? path : path + "/";
}

/// Types of what is no writing: they stand in sitemaps, too.
bool is_media(const std::string& type) {
  for (const std::string_view start : {"image/", "video/", "audio/", "font/", "text/css", "text/javascript",
                                       "application/javascript", "application/json", "application/zip"}) {
    if (type.starts_with(start)) return true;
  }
  return false;
}

class Site final : public Source {
 public:
  void bind(config::Binder& b) override {
    b.field("url", url_, "Address of the site or of its sitemap; of a site with a path, only pages below it are read",
            {.required = true});
    b.field("include", include_, "Globs of the paths to read (blog/**, *.html); none: all");
    b.field("exclude", exclude_, "Globs of the paths to leave out (tag/**)");
    b.field("max_pages", max_pages_, "Pages beyond this number are left out", {.min = 1, .max = 10'000'000});
    b.field("max_sitemaps", max_sitemaps_, "Sitemaps beyond this number are left out", {.min = 1, .max = 100'000});
    b.field("max_depth", max_depth_, "So many sitemap indexes may stand in one another", {.min = 1, .max = 20});
    b.field("max_sitemap_megabytes", max_sitemap_megabytes_, "A larger sitemap, unpacked, is refused",
            {.min = 1, .max = 1024});
    b.field("other_hosts", other_hosts_, "Also read pages of other hosts that the sitemap lists");
    javascript_.bind(b);
  }

  [[nodiscard]] std::string location() const override { return url_; }
  [[nodiscard]] std::optional<std::string> fingerprint(SourceContext&) override { return std::nullopt; }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    const auto address = web::parse_address(url_);
    if (!address) {
      return fail(ErrorKind::usage, tr("This is not a web address"), url_,
                  tr("write it in full, as https://example.org/"));
    }
    Run run(context, sink, url_, javascript_);
    run.address = *address;
    run.listed_all = true;
    if (const auto listed = list(run); !listed) return tl::unexpected(listed.error());
    if (!read_pages(run)) return SourceReport{};
    return run.finish();
  }

 private:
  struct Run : web::PageListing {
    using PageListing::PageListing;
    web::Address address;
    std::vector<site::SitemapEntry> found;  ///< pages, in the order of the sitemaps
    std::set<std::string> seen;
    std::string below;  ///< only paths that begin so
    std::size_t other_hosts = 0, beyond = 0;
    bool stopped = false;
  };

  /// A failure of the listing costs its part: what it would have named is not gone.
  void listing_failed(Run& run, Error error) const {
    if (!run.cut_short(std::move(error))) run.stopped = true;
  }

  /// Addresses of the sitemaps to begin with: the given one, those of robots.txt, else the usual ones.
  [[nodiscard]] Result<std::vector<std::string>> entrances(Run& run, bool& guessed) const {
    if (names_a_sitemap(run.address.path)) return std::vector<std::string>{url_};
    // "/blog" and "/blog/" are folders, "/blog/index.html" lies in one.
    const std::string& path = run.address.path;
    const std::size_t name = path.find_last_of('/') + 1;
    run.below = path.find('.', name) == std::string::npos ? path : path.substr(0, name);
    const auto robots = web::get(run.context, run.address.origin + "/robots.txt");
    if (robots) {
      auto named = site::sitemaps_of_robots(robots->body);
      if (!named.empty()) return named;
    } else if (robots.error().kind == ErrorKind::cancelled) {
      return tl::unexpected(robots.error());
    }
    guessed = true;
    std::vector<std::string> usual;
    if (run.below != "/") usual.push_back(run.address.origin + folder(run.below) + "sitemap.xml");
    for (const char* name_of_it : {"/sitemap.xml", "/sitemap_index.xml", "/wp-sitemap.xml", "/sitemap-index.xml"}) {
      usual.push_back(run.address.origin + name_of_it);
    }
    return usual;
  }

  [[nodiscard]] Result<void> list(Run& run) const {
    bool guessed = false;
    const auto first = entrances(run, guessed);
    if (!first) return tl::unexpected(first.error());
    struct Waiting {
      std::string url;
      int depth = 0;
    };
    std::deque<Waiting> waiting;
    std::set<std::string> visited;
    int read = 0;
    for (const auto& url : *first) waiting.push_back({resolve_url(url_, url), 0});
    while (!waiting.empty() && !run.stopped && !run.context.stop.stop_requested()) {
      const Waiting next = waiting.front();
      waiting.pop_front();
      if (!visited.insert(canonical_url(next.url)).second) continue;  // circular, or named twice
      if (read >= max_sitemaps_) {
        listing_failed(run, {ErrorKind::limit, tr("More sitemaps than max_sitemaps ({}) are left out", max_sitemaps_),
                             url_, tr("Raise max_sitemaps of this source")});
        break;
      }
      auto sitemap = read_sitemap(run, next.url);
      if (!sitemap) {
        const bool not_there =
            sitemap.error().kind == ErrorKind::not_found || sitemap.error().kind == ErrorKind::invalid;
        if (guessed && next.depth == 0 && not_there) continue;             // the usual places are only guesses
        if (guessed && read == 0) return tl::unexpected(sitemap.error());  // the site does not answer
        listing_failed(run, sitemap.error());
        continue;
      }
      ++read;
      for (auto& page : sitemap->pages) add_page(run, std::move(page), next.url);
      for (const auto& inner : sitemap->sitemaps) {
        if (next.depth + 1 > max_depth_) {
          listing_failed(run,
                         {ErrorKind::limit, tr("The sitemap indexes stand deeper in one another than {}", max_depth_),
                          inner.url, tr("Raise max_depth of this source")});
          break;
        }
        waiting.push_back({resolve_url(next.url, inner.url), next.depth + 1});
      }
      if (guessed && next.depth == 0) {  // one of the usual places is enough
        while (!waiting.empty() && waiting.front().depth == 0) waiting.pop_front();
      }
    }
    if (read == 0 && run.listed_all && !run.context.stop.stop_requested()) {
      return fail(ErrorKind::not_found, tr("No sitemap was found on this site"), url_,
                  tr("Give the address of its sitemap, or use its feed (source: feed)"));
    }
    return {};
  }

  [[nodiscard]] Result<site::Sitemap> read_sitemap(Run& run, const std::string& url) const {
    auto response = web::get(run.context, url);
    if (!response) {
      response.error().where = url;
      return tl::unexpected(response.error());
    }
    auto sitemap =
        site::parse_sitemap(response->body, {.max_bytes = static_cast<std::uint64_t>(max_sitemap_megabytes_) << 20});
    if (!sitemap) {
      sitemap.error().where = url;
      return sitemap;
    }
    if (!sitemap->problem.empty()) {
      listing_failed(run, {ErrorKind::invalid, sitemap->problem, url, tr("The entries before it were read")});
    }
    if (sitemap->left_out > 0) {
      listing_failed(run,
                     {ErrorKind::limit,
                      tr("{} entries of this sitemap beyond the protocol's limit were left out", sitemap->left_out),
                      url,
                      {}});
    }
    return sitemap;
  }

  void add_page(Run& run, site::SitemapEntry page, const std::string& base) const {
    page.url = resolve_url(base, page.url);
    const auto address = web::parse_address(page.url);
    if (!address) return;
    if (address->host != run.address.host && !other_hosts_) {
      ++run.other_hosts;
      return;
    }
    const std::string& path = address->path;
    const bool below = run.below.empty() || run.below == "/" || path == run.below ||
                       path.starts_with(folder(run.below)) || path + "/" == run.below;
    if (!below || !filtered(web::percent_decode(path.substr(1)))) return;
    if (!run.seen.insert(canonical_url(page.url)).second) return;
    if (run.found.size() >= static_cast<std::size_t>(max_pages_)) {
      ++run.beyond;
    } else {
      run.found.push_back(std::move(page));
    }
  }

  [[nodiscard]] bool filtered(const std::string& path) const {
    const auto matches = [&](const std::string& pattern) { return glob_match(pattern, path); };
    if (std::any_of(exclude_.begin(), exclude_.end(), matches)) return false;
    return include_.empty() || std::any_of(include_.begin(), include_.end(), matches);
  }

  /// False when the sink said stop.
  [[nodiscard]] static bool give(Run& run, const site::SitemapEntry& page, Result<HttpResponse>&& response) {
    auto item = run.pages.take(page.url, std::move(response));
    if (item && is_media(item->media_type)) {
      run.note(tr("Left out: {} is no writing", item->media_type), page.url);
      run.states.read(page.url, page.modified);
      return true;
    }
    if (item) run.states.read(page.url, page.modified);
    return run.sink(std::move(item));
  }

  /// False when the sink said stop.
  [[nodiscard]] bool read_pages(Run& run) const {
    if (run.stopped || run.context.stop.stop_requested()) return false;
    std::deque<const site::SitemapEntry*> under_way;  // in the order of the requests
    auto place = run.found.cbegin();
    const auto next = [&]() -> std::optional<HttpRequest> {
      while (place != run.found.cend() && !run.context.stop.stop_requested()) {
        const auto& page = *place++;
        if (!run.wants(page.url, page.modified)) continue;
        under_way.push_back(&page);
        return run.pages.request(page.url);
      }
      return std::nullopt;
    };
    fetch_all(run.context.http, run.context.clock, next, [&](const HttpRequest&, Result<HttpResponse>&& response) {
      const auto& page = *under_way.front();
      under_way.pop_front();
      run.stopped = !give(run, page, std::move(response));
      return !run.stopped;
    });
    if (run.stopped || run.context.stop.stop_requested()) return false;
    if (run.beyond > 0) {
      listing_failed(run, {ErrorKind::limit, tr("{} pages beyond max_pages were left out", run.beyond), url_,
                           tr("Raise max_pages of this source, or narrow it with include and exclude")});
    }
    if (run.other_hosts > 0) {
      run.note(tr("{} pages of other hosts were left out", run.other_hosts), {},
               tr("Set other_hosts: true to read them"));
    }
    return !run.stopped;
  }

  std::string url_;
  std::vector<std::string> include_, exclude_;
  int max_pages_ = 10'000;
  int max_sitemaps_ = 1'000;
  int max_depth_ = 5;
  int max_sitemap_megabytes_ = 50;
  bool other_hosts_ = false;
  web::JavascriptConfig javascript_;
};

Claim accepts(const std::string& location) {
  const auto address = web::parse_address(location);
  if (!address) return {};
  const std::string path = text::fold(address->path);
  const std::string name = path.substr(path.find_last_of('/') + 1);
  const bool sitemap = name.find("sitemap") != std::string::npos &&
                       (name.ends_with(".xml") || name.ends_with(".xml.gz") || name.ends_with(".txt"));
  if (sitemap || path == "/robots.txt") return {Claim::shape, tr("the address looks like that of a sitemap")};
  return {};
}

}  // namespace

TWIN_SOURCE(site, {.description = "All pages of a site, by its sitemap",
                   .needs = "",
                   .examples = {{"https://example.org/sitemap.xml", true},
                                {"https://example.org/blog/sitemap_index.xml", true},
                                {"https://example.org/sitemap-1.xml.gz", true},
                                {"https://example.org/feed.xml", false},
                                {"https://example.org/posts/1", false},
                                {"/home/me/sitemap.xml", false}},
                   .accepts = accepts,
                   .make = [] { return std::make_unique<Site>(); }})

}  // namespace twin::feature
