// The posts of a Tistory blog: its sitemap, checked against its feed; the page of each post.
#include <map>
#include <set>

#include "core/hash.h"
#include "core/i18n.h"
#include "feature/collect/canonical_url.h"
#include "feature/sources/feed/feed_parser.h"
#include "feature/sources/site/sitemap.h"
#include "feature/sources/source.h"
#include "feature/sources/tistory/tistory_pages.h"
#include "feature/sources/web/address.h"
#include "feature/sources/web/json.h"
#include "feature/sources/web/listing.h"
#include "feature/sources/web/page.h"

namespace twin::feature {
namespace {

struct ListedPost {
  std::string path;      ///< without "/m"
  std::string modified;  ///< as the sitemap has it; of those that only the feed has, its content's hash
};

class Tistory final : public Source {
 public:
  void bind(config::Binder& b) override {
    b.field("url", url_, "Address of the blog (https://name.tistory.com or a domain of its own), or one post of it",
            {.required = true});
    b.field("pages", pages_, "Also read notices and pages (/notice/…, /pages/…)");
    b.field("max_posts", max_posts_, "Posts beyond this number are left out", {.min = 1, .max = 1'000'000});
  }

  [[nodiscard]] std::string location() const override { return url_; }
  [[nodiscard]] std::optional<std::string> fingerprint(SourceContext&) override { return std::nullopt; }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    const auto address = web::parse_address(url_);
    if (!address) {
      return fail(ErrorKind::usage, tr("This is not a web address"), url_,
                  tr("write it in full, as https://example.org/"));
    }
    Run run(context, sink, url_, no_javascript_);
    // Tistory answers https everywhere; a domain of its own may not.
    const bool plain = address->scheme == "http" && address->label_below("tistory.com").empty();
    run.origin = plain ? address->origin : "https://" + address->origin.substr(address->origin.find("://") + 3);
    if (const std::string path = tistory::post_path(address->path, true); !path.empty()) {
      run.posts.push_back({path, {}});
      run.listed_all = true;
    } else {
      if (const auto listed = list(run); !listed) return tl::unexpected(listed.error());
      check_with_feed(run);
    }
    for (const auto& post : run.posts) {
      if (context.stop.stop_requested() || !read(run, post)) return SourceReport{};
    }
    return run.finish();
  }

 private:
  struct Run : web::PageListing {
    using PageListing::PageListing;
    std::string origin;
    std::vector<ListedPost> posts;
    std::set<std::string> known;  ///< canonical addresses
    std::map<std::string, std::string> urls_by_entry;
    std::map<std::string, FeedEntry> feed;  ///< by canonical address
  };

  [[nodiscard]] Result<void> list(Run& run) const {
    std::vector<std::string> waiting = {run.origin + "/sitemap.xml"};
    std::set<std::string> visited;
    constexpr std::size_t most_sitemaps = 200;
    run.listed_all = true;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      const std::string url = waiting[i];
      if (!visited.insert(url).second || run.context.stop.stop_requested()) continue;
      const auto response = web::get(run.context, url);
      auto sitemap = response ? site::parse_sitemap(response->body) : tl::unexpected(response.error());
      if (!sitemap) {
        sitemap.error().where = url;
        if (i == 0 && sitemap.error().kind == ErrorKind::cancelled) return tl::unexpected(sitemap.error());
        if (auto go_on = run.cut_short(sitemap.error()); !go_on) return go_on;
        continue;
      }
      if (!sitemap->problem.empty() || sitemap->left_out > 0) {
        const std::string why =
            sitemap->problem.empty()
                ? tr("{} entries of this sitemap beyond the protocol's limit were left out", sitemap->left_out)
                : sitemap->problem;
        auto go_on = run.cut_short({ErrorKind::invalid, why, url, tr("The entries before it were read")});
        if (!go_on) return go_on;
      }
      for (const auto& inner : sitemap->sitemaps) {
        if (waiting.size() < most_sitemaps) waiting.push_back(resolve_url(url, inner.url));
      }
      for (const auto& page : sitemap->pages) {
        const auto address = web::parse_address(resolve_url(url, page.url));
        const std::string path = address ? tistory::post_path(address->path, pages_) : std::string();
        if (path.empty() || !run.known.insert(canonical_url(run.origin + path)).second) continue;
        if (run.posts.size() >= static_cast<std::size_t>(max_posts_)) return run.cut_at(max_posts_);
        run.posts.push_back({path, page.modified});
      }
    }
    return {};
  }

  void check_with_feed(Run& run) const {
    if (run.limited) return;
    const auto response = web::get(run.context, run.origin + "/rss");
    auto feed = response ? parse_feed(response->body) : tl::unexpected(response.error());
    if (!feed) {
      run.note(tr("The listing could not be checked against the feed: {}", feed.error().message));
      return;
    }
    std::size_t missing = 0;
    for (auto& entry : feed->entries) {
      const auto address = web::parse_address(resolve_url(run.origin, entry.link));
      const std::string path = address ? tistory::post_path(address->path, pages_) : std::string();
      if (path.empty()) continue;
      const std::string url = canonical_url(run.origin + path);
      if (run.known.insert(url).second) {
        ++missing;
        run.posts.push_back({path, "feed " + sha256_hex(entry.title + "\n" + entry.content)});
      }
      run.feed.emplace(url, std::move(entry));
    }
    if (missing > 0) run.note_missing(missing);
  }

  /// False when the sink said stop.
  [[nodiscard]] bool read(Run& run, const ListedPost& post) const {
    const std::string url = run.origin + post.path;
    if (!run.wants(url, post.modified)) return true;
    auto item = run.pages.get(url);
    if (!item) return run.sink(std::move(item));
    const auto page = tistory::read_post_page(item->bytes);
    if (page.is_protected) {
      run.note(tr("Left out: the post is protected by a password"), url);
      return true;
    }
    // A post has two addresses, by number and by title: the feed may use the other one.
    if (!page.entry_id.empty()) {
      const auto [first, fresh] = run.urls_by_entry.emplace(page.entry_id, url);
      if (!fresh) {
        run.states.read(url, post.modified);
        return true;
      }
    }
    describe(*item, page, run);
    run.states.read(url, post.modified);
    return run.sink(std::move(item));
  }

  static void describe(RawDocument& raw, const tistory::PostPage& page, const Run& run) {
    raw.title = page.title;
    if (!page.author.empty()) raw.authors = {page.author};
    raw.published = page.published;
    std::vector<std::string> tags = page.tags;
    if (const auto entry = run.feed.find(canonical_url(raw.url)); entry != run.feed.end()) {
      if (raw.published == 0) raw.published = entry->second.published;
      if (raw.title.empty()) raw.title = web::plain_title(entry->second.title);
      if (raw.authors.empty()) raw.authors = entry->second.authors;
      if (tags.empty()) tags = entry->second.tags;
    }
    if (!page.category.empty()) raw.metadata["category"] = page.category;
    if (!page.entry_id.empty()) raw.metadata["entry_id"] = page.entry_id;
    if (page.modified != 0 && page.modified != page.published) raw.metadata["modified"] = format_time(page.modified);
    if (!tags.empty()) raw.metadata["tags"] = web::joined(tags);
  }

  std::string url_;
  bool pages_ = false;
  int max_posts_ = 20'000;
  web::JavascriptConfig no_javascript_ = {.when = "never"};
};

Claim accepts(const std::string& location) {
  const auto address = web::parse_address(location);
  if (!address) return {};
  const std::string name = address->label_below("tistory.com");
  return name.empty() ? Claim{} : Claim{Claim::site, tr("the address of a Tistory blog")};
}

}  // namespace

TWIN_SOURCE(tistory, {.description = "The posts of a Tistory blog",
                      .needs = "",
                      .examples = {{"https://someone.tistory.com", true},
                                   {"https://someone.tistory.com/12", true},
                                   {"https://someone.tistory.com/entry/첫-글", true},
                                   {"https://someone.tistory.com/rss", true},
                                   {"https://www.tistory.com", false},
                                   {"https://tistory.com", false},
                                   {"https://example.org/12", false}},
                      .accepts = accepts,
                      .make = [] { return std::make_unique<Tistory>(); }})

}  // namespace twin::feature
