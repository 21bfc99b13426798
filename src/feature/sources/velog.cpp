// The posts of a Velog user: its GraphQL service, checked against its feed.
#include <set>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/collect/canonical_url.h"
#include "feature/sources/feed/feed_parser.h"
#include "feature/sources/source.h"
#include "feature/sources/velog/velog_api.h"
#include "feature/sources/web/address.h"
#include "feature/sources/web/json.h"
#include "feature/sources/web/listing.h"
#include "feature/sources/web/page.h"

namespace twin::feature {
namespace {

/// "someone" of https://velog.io/@someone/posts; empty when it is none.
std::string username_of(const std::string& location) {
  const auto address = web::parse_address(location);
  if (!address || !address->is("velog.io")) return {};
  const auto parts = address->parts();
  if (parts.empty() || !parts.front().starts_with("@") || parts.front().size() < 2) return {};
  return parts.front().substr(1);
}

/// The post's slug when the location is one post, not a user's list.
std::string slug_of(const std::string& location) {
  const auto address = web::parse_address(location);
  const auto parts = address ? address->parts() : std::vector<std::string>{};
  if (parts.size() != 2 || parts[1] == "posts" || parts[1] == "series" || parts[1] == "about") return {};
  return parts[1];
}

class Velog final : public Source {
 public:
  void bind(config::Binder& b) override {
    b.field("url", url_, "https://velog.io/@user, or one post of it", {.required = true});
    b.field("max_posts", max_posts_, "Posts beyond this number are left out", {.min = 1, .max = 1'000'000});
    b.field("page_size", page_size_, "Posts asked for at a time", {.min = 1, .max = 100, .key_irrelevant = true});
  }

  [[nodiscard]] std::string location() const override { return url_; }
  [[nodiscard]] std::optional<std::string> fingerprint(SourceContext&) override { return std::nullopt; }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    const std::string username = username_of(url_);
    if (username.empty()) {
      return fail(ErrorKind::usage, tr("This is no address of a Velog user"), url_,
                  tr("For example: {}", "https://velog.io/@user"));
    }
    Run run(context, sink, url_);
    run.username = username;
    if (const std::string slug = slug_of(url_); !slug.empty()) {
      run.posts.push_back({slug, slug, {}, false});
      run.listed_all = true;
    } else {
      if (const auto listed = list(run); !listed) return tl::unexpected(listed.error());
      check_with_feed(run);
    }
    for (const auto& post : run.posts) {
      if (context.stop.stop_requested() || !read(run, post)) return SourceReport{};
    }
    if (run.hidden > 0) run.note(tr("{} private posts were left out", run.hidden));
    return run.finish();
  }

 private:
  struct Run : web::Listing {
    using Listing::Listing;
    std::string username;
    std::vector<velog::Listed> posts;
    std::set<std::string> slugs;
    int hidden = 0;
  };

  /// The listing is known to stop early or to repeat itself: it is at its end only when a page comes back empty.
  [[nodiscard]] Result<void> list(Run& run) const {
    std::set<std::string> ids;
    std::string cursor;
    while (!run.context.stop.stop_requested()) {
      const auto response =
          web::post_json(run.context, velog::endpoint, velog::posts_query(run.username, cursor, page_size_));
      const auto page = response ? velog::parse_posts(response->body) : tl::unexpected(response.error());
      if (!page) {
        if (cursor.empty()) return tl::unexpected(page.error());
        // What was listed is read all the same.
        return run.cut_short(page.error());
      }
      if (page->empty()) {
        run.listed_all = true;
        return {};
      }
      bool fresh = false;
      for (const auto& post : *page) {
        if (!ids.insert(post.id).second) continue;
        fresh = true;
        if (post.hidden) {
          ++run.hidden;
          run.slugs.insert(post.slug);
          continue;
        }
        if (run.posts.size() >= static_cast<std::size_t>(max_posts_)) return run.cut_at(max_posts_);
        if (run.slugs.insert(post.slug).second) run.posts.push_back(post);
      }
      if (!fresh) {
        run.note_repeating(ids.size());
        return {};
      }
      cursor = page->back().id;
    }
    return {};
  }

  /// Posts that the feed has and the listing has not.
  void check_with_feed(Run& run) const {
    if (run.limited) return;
    const std::string address = "https://v2.velog.io/rss/@" + percent_encode_path(run.username);
    const auto response = web::get(run.context, address);
    const auto feed = response ? parse_feed(response->body) : tl::unexpected(response.error());
    if (!feed) {
      run.note(tr("The listing could not be checked against the feed: {}", feed.error().message));
      return;
    }
    std::size_t missing = 0;
    for (const auto& entry : feed->entries) {
      const std::string slug = slug_of(entry.link);
      if (slug.empty() || !run.slugs.insert(slug).second) continue;
      ++missing;
      run.posts.push_back({slug, slug, {}, false});
    }
    if (missing > 0) run.note_missing(missing);
  }

  /// False when the sink said stop.
  [[nodiscard]] bool read(Run& run, const velog::Listed& listed) const {
    const std::string url = velog::post_url(run.username, listed.slug);
    if (!run.wants(url, listed.updated)) return true;
    const auto response = web::post_json(run.context, velog::endpoint, velog::post_query(run.username, listed.slug));
    auto post = response ? velog::parse_post(response->body) : tl::unexpected(response.error());
    if (!post) return run.failed(post.error(), url);
    if (post->hidden) {
      ++run.hidden;
      return true;
    }
    if (text::trim(post->body).empty()) {
      return run.sink(fail(ErrorKind::invalid, tr("The post is empty"), url));
    }
    run.states.read(url, listed.updated);
    return run.sink(document(std::move(*post), url));
  }

  [[nodiscard]] static RawDocument document(velog::Post post, const std::string& url) {
    RawDocument raw;
    raw.url = url;
    raw.media_type = post.markdown ? "text/markdown" : "text/html";
    raw.bytes = std::move(post.body);
    raw.title = std::move(post.title);
    if (!post.author.empty()) raw.authors = {std::move(post.author)};
    raw.published = post.released;
    raw.metadata["charset"] = "utf-8";
    raw.metadata["username"] = std::move(post.username);
    if (post.updated != 0 && post.updated != post.released) raw.metadata["modified"] = format_time(post.updated);
    if (!post.tags.empty()) raw.metadata["tags"] = web::joined(post.tags);
    if (!post.series.empty()) raw.metadata["series"] = std::move(post.series);
    if (!post.short_description.empty()) raw.metadata["description"] = std::move(post.short_description);
    return raw;
  }

  std::string url_;
  int max_posts_ = 10'000;
  int page_size_ = 50;
};

Claim accepts(const std::string& location) {
  return username_of(location).empty() ? Claim{} : Claim{Claim::site, tr("the address of a user of Velog")};
}

}  // namespace

TWIN_SOURCE(velog, {.description = "The posts of a Velog user",
                    .needs = "",
                    .examples = {{"https://velog.io/@someone", true},
                                 {"https://velog.io/@someone/posts", true},
                                 {"https://velog.io/@someone/첫-글", true},
                                 {"https://v2.velog.io/rss/@someone", false},
                                 {"https://velog.io/", false},
                                 {"https://example.org/@someone", false}},
                    .accepts = accepts,
                    .make = [] { return std::make_unique<Velog>(); }})

}  // namespace twin::feature
