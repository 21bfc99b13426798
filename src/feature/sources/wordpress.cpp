// The posts of a WordPress site: its REST API, else its feed page by page.
#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/sources/feed/feed_parser.h"
#include "feature/sources/source.h"
#include "feature/sources/web/address.h"
#include "feature/sources/web/json.h"
#include "feature/sources/web/listing.h"
#include "feature/sources/web/page.h"
#include "feature/sources/wordpress/wp_api.h"

namespace twin::feature {
namespace {

/// The API gives at most so many at once.
constexpr int page_size = 100;
/// Whole posts asked for at once: few enough for one answer to stay small.
constexpr std::size_t batch_size = 20;

class WordPress final : public Source {
 public:
  void bind(config::Binder& b) override {
    b.field("url", url_, "Address of the site", {.required = true});
    b.field("pages", pages_, "Also read its pages (About …), not only posts");
    b.field("max_posts", max_posts_, "Posts beyond this number are left out", {.min = 1, .max = 1'000'000});
    b.field("max_feed_pages", max_feed_pages_, "Where the REST API is off: so many pages of the feed are read",
            {.min = 1, .max = 100'000});
  }

  [[nodiscard]] std::string location() const override { return url_; }
  [[nodiscard]] std::optional<std::string> fingerprint(SourceContext&) override { return std::nullopt; }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    if (!web::parse_address(url_)) {
      return fail(ErrorKind::usage, tr("This is not a web address"), url_,
                  tr("write it in full, as https://example.org/"));
    }
    Run run(context, sink, url_);
    run.root = wordpress::api_root(url_);
    run.listed_all = true;
    std::vector<std::string> types = {"posts"};
    if (pages_) types.emplace_back("pages");
    for (const auto& type : types) {
      const auto listed = list(run, type);
      if (listed) continue;
      if (listed.error().kind == ErrorKind::cancelled) return tl::unexpected(listed.error());
      if (type == "posts") return by_feed(run, listed.error());
      if (!run.cut_short(listed.error())) return SourceReport{};
    }
    for (const auto& type : types) {
      if (!read_all(run, type)) return SourceReport{};
    }
    return run.finish();
  }

 private:
  struct Run : web::Listing {
    using Listing::Listing;
    std::string root;
    std::map<std::string, std::vector<wordpress::Listed>> items;  ///< by type
    std::size_t listed = 0;
  };

  /// X-WP-TotalPages says how many pages there are; asking for one more is an error of the service.
  [[nodiscard]] Result<void> list(Run& run, const std::string& type) const {
    std::set<std::int64_t> ids;
    int pages = 1;
    for (int page = 1; page <= pages && !run.context.stop.stop_requested(); ++page) {
      const std::string address = wordpress::list_url(run.root, type, page, page_size);
      const auto response = web::get(run.context, address, {{"Accept", "application/json"}});
      auto listing = response ? wordpress::parse_listing(response->body) : tl::unexpected(response.error());
      if (!listing) {
        listing.error().where = address;
        if (page == 1) return tl::unexpected(listing.error());
        return run.cut_short(listing.error());
      }
      const std::string_view total = response->header("x-wp-totalpages");
      int said = 0;
      std::from_chars(total.data(), total.data() + total.size(), said);
      if (said > 0) {
        pages = said;
      } else if (!listing->empty()) {
        pages = page + 1;  // a proxy dropped the header: until a page is empty
      }
      bool fresh = false;
      for (auto& item : *listing) {
        if (!ids.insert(item.id).second) continue;
        fresh = true;
        if (run.listed >= static_cast<std::size_t>(max_posts_)) return run.cut_at(max_posts_);
        ++run.listed;
        run.items[type].push_back(std::move(item));
      }
      if (!fresh) break;
    }
    return {};
  }

  /// False when the sink said stop.
  [[nodiscard]] bool read_all(Run& run, const std::string& type) const {
    std::vector<wordpress::Listed> batch;
    for (const auto& item : run.items[type]) {
      if (run.context.stop.stop_requested()) return false;
      if (!run.wants(item.url, item.modified)) continue;
      batch.push_back(item);
      if (batch.size() < batch_size) continue;
      if (!read_batch(run, type, batch)) return false;
      batch.clear();
    }
    return batch.empty() || read_batch(run, type, batch);
  }

  [[nodiscard]] Result<std::vector<wordpress::Post>> fetch_items(Run& run, const std::string& type,
                                                                 const std::vector<wordpress::Listed>& batch) const {
    std::vector<std::int64_t> ids;
    ids.reserve(batch.size());
    for (const auto& item : batch) ids.push_back(item.id);
    const auto response =
        web::get(run.context, wordpress::items_url(run.root, type, ids), {{"Accept", "application/json"}});
    if (!response) return tl::unexpected(response.error());
    return wordpress::parse_items(response->body);
  }

  /// One bad post spoils the answer for all that were asked for with it: they are then asked for one by one.
  [[nodiscard]] bool read_batch(Run& run, const std::string& type, const std::vector<wordpress::Listed>& batch) const {
    auto posts = fetch_items(run, type, batch);
    if (!posts && batch.size() > 1 && posts.error().kind != ErrorKind::cancelled) {
      return std::all_of(batch.begin(), batch.end(), [&](const auto& item) { return read_batch(run, type, {item}); });
    }
    for (const auto& item : batch) {
      if (!posts) {
        if (!run.failed(posts.error(), item.url)) return false;
        continue;
      }
      const auto post = std::find_if(posts->begin(), posts->end(), [&](const auto& p) { return p.id == item.id; });
      if (!give(run, item, post == posts->end() ? nullptr : &*post)) return false;
    }
    return true;
  }

  [[nodiscard]] bool give(Run& run, const wordpress::Listed& item, wordpress::Post* post) const {
    if (post == nullptr) {
      return run.sink(fail(ErrorKind::not_found, tr("The post is listed but the service does not give it"), item.url));
    }
    if (post->is_protected) {
      run.note(tr("Left out: the post is protected by a password"), item.url);
      return true;
    }
    if (text::trim(post->document.bytes).empty()) {
      run.note(tr("Left out: the post is empty"), item.url);
      return true;
    }
    post->document.url = item.url;
    run.states.read(item.url, item.modified);
    return run.sink(std::move(post->document));
  }

  /// The feed of WordPress goes on with ?paged=2 … until 404.
  [[nodiscard]] Result<SourceReport> by_feed(Run& run, const Error& why) const {
    const auto address = web::parse_address(url_);
    std::string base = address->origin + address->path;
    while (base.ends_with('/')) base.pop_back();
    std::set<std::string> seen;
    for (int page = 1; page <= max_feed_pages_ && !run.context.stop.stop_requested(); ++page) {
      const std::string feed_url = base + "/feed/" + (page == 1 ? "" : "?paged=" + std::to_string(page));
      const auto response = web::get(run.context, feed_url);
      auto feed = response ? parse_feed(response->body) : tl::unexpected(response.error());
      if (!feed) {
        if (page == 1) return tl::unexpected(why);  // neither: what the API said is the better reason
        if (feed.error().kind != ErrorKind::not_found) {
          feed.error().where = feed_url;
          if (!run.sink(tl::unexpected(feed.error()))) return SourceReport{};
        }
        break;
      }
      bool fresh = false;
      for (auto& entry : feed->entries) {
        if (!web::parse_address(entry.link) || !seen.insert(entry.link).second) continue;
        fresh = true;
        if (!run.context.wants(entry.link)) continue;
        if (!run.sink(from_feed(std::move(entry)))) return SourceReport{};
      }
      if (!fresh) break;
    }
    run.note(tr("The REST API of this site cannot be read ({}); its feed was read instead", why.message));
    run.report.complete = false;
    return std::move(run.report);
  }

  [[nodiscard]] static Item from_feed(FeedEntry entry) {
    if (text::trim(entry.content).empty()) {
      return fail(ErrorKind::invalid, tr("The entry '{}' has no content in the feed", entry.title), entry.link);
    }
    RawDocument raw;
    raw.url = entry.link;
    raw.media_type = entry.media_type;
    if (is_excerpt(entry)) raw.metadata["summary"] = "true";
    raw.bytes = std::move(entry.content);
    raw.title = web::plain_title(entry.title);
    raw.authors = std::move(entry.authors);
    raw.language = std::move(entry.language);
    raw.published = entry.published;
    raw.metadata["charset"] = "utf-8";
    if (!entry.tags.empty()) raw.metadata["tags"] = web::joined(entry.tags);
    return raw;
  }

  std::string url_;
  bool pages_ = false;
  int max_posts_ = 50'000;
  int max_feed_pages_ = 100;
};

Claim accepts(const std::string& location) {
  const auto address = web::parse_address(location);
  if (!address) return {};
  const std::string name = address->label_below("wordpress.com");
  if (!name.empty() && address->path.find("/feed") == std::string::npos && name != "public-api") {
    return {Claim::site, tr("the address of a site at wordpress.com")};
  }
  if (address->path.find("/wp-json") != std::string::npos)
    return {Claim::site, tr("the address of WordPress's REST API")};
  return {};
}

}  // namespace

TWIN_SOURCE(wordpress, {.description = "The posts of a WordPress site",
                        .needs = "",
                        .examples = {{"https://someone.wordpress.com", true},
                                     {"https://example.org/wp-json/", true},
                                     {"https://example.org/blog/wp-json/wp/v2/posts", true},
                                     {"https://someone.wordpress.com/feed/", false},
                                     {"https://example.org/blog", false},
                                     {"https://wordpress.com/", false}},
                        .accepts = accepts,
                        .make = [] { return std::make_unique<WordPress>(); }})

}  // namespace twin::feature
