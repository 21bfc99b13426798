// The posts of a Velog user: its GraphQL service, checked against its feed.
#include <set>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/collect/canonical_url.h"
#include "feature/sources/feed/feed_parser.h"
#include "feature/sources/source.h"
#include "feature/sources/velog/velog_api.h"
#include "feature/sources/web/address.h"
#include "feature/sources/web/item_states.h"
#include "feature/sources/web/json.h"
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
    Run run{context, sink, username, web::ItemStates(context.cursor)};
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
    if (run.hidden > 0) note(run, tr("{} private posts were left out", run.hidden), {});
    run.report.complete = run.listed_all;
    run.report.cursor = run.states.cursor();
    run.report.cursor_by_item = true;
    return std::move(run.report);
  }

 private:
  struct Run {
    SourceContext& context;
    const ItemSink& sink;
    std::string username;
    web::ItemStates states;
    std::vector<velog::Listed> posts = {};
    std::set<std::string> slugs = {};
    int hidden = 0;
    bool listed_all = false;
    bool limited = false;  ///< max_posts was reached: the listing says nothing of what is missing
    SourceReport report = {};
  };

  void note(Run& run, std::string message, std::string hint) const {
    run.report.notes.push_back({ErrorKind::invalid, std::move(message), url_, std::move(hint)});
  }

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
        if (!run.sink(tl::unexpected(page.error()))) return fail(ErrorKind::cancelled, tr("Stopped"), url_);
        return {};
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
        if (run.posts.size() >= static_cast<std::size_t>(max_posts_)) {
          run.limited = true;
          if (run.sink(fail(ErrorKind::limit, tr("Posts beyond max_posts ({}) were left out", max_posts_), url_,
                            tr("Raise max_posts of this source")))) {
            return {};
          }
          return fail(ErrorKind::cancelled, tr("Stopped"), url_);
        }
        if (run.slugs.insert(post.slug).second) run.posts.push_back(post);
      }
      if (!fresh) {
        note(run, tr("The service's listing repeats itself after {} posts; it is not read further", ids.size()), {});
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
      note(run, tr("The listing could not be checked against the feed: {}", feed.error().message), {});
      return;
    }
    std::size_t missing = 0;
    for (const auto& entry : feed->entries) {
      const std::string slug = slug_of(entry.link);
      if (slug.empty() || !run.slugs.insert(slug).second) continue;
      ++missing;
      run.posts.push_back({slug, slug, {}, false});
    }
    if (missing == 0) return;
    run.listed_all = false;
    note(run, tr("The feed has {} posts that the listing lacks; they were read, but there may be more", missing),
         tr("What is missing is not taken for deleted"));
  }

  /// False when the sink said stop.
  [[nodiscard]] bool read(Run& run, const velog::Listed& listed) const {
    const std::string url = velog::post_url(run.username, listed.slug);
    if (run.states.unchanged(url, listed.updated)) {
      run.context.unchanged(url);
      return true;
    }
    if (!run.context.wants(url)) {
      run.states.carry(url);
      return true;
    }
    const auto response = web::post_json(run.context, velog::endpoint, velog::post_query(run.username, listed.slug));
    auto post = response ? velog::parse_post(response->body) : tl::unexpected(response.error());
    if (!post) {
      post.error().where = url;
      return run.sink(tl::unexpected(post.error()));
    }
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
