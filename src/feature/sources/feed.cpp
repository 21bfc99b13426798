// An RSS, Atom or JSON feed: the newest posts of a blog; the pages of those of which it gives only the beginning.
#include <set>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/collect/canonical_url.h"
#include "feature/sources/feed/feed_parser.h"
#include "feature/sources/source.h"
#include "feature/sources/web/address.h"
#include "feature/sources/web/item_states.h"
#include "feature/sources/web/json.h"
#include "feature/sources/web/page.h"

namespace twin::feature {
namespace {

struct Fetched {
  bool unchanged = false;
  std::string bytes;
  std::string url;         ///< that links are relative to
  std::string validators;  ///< "etag", new line, "last-modified"; of a file its hash and an empty line
};

/// The cursor: two lines of validators, then the states of the entries whose pages were read.
struct Cursor {
  std::string validators, states;
  explicit Cursor(const std::string& text) {
    const std::size_t first = text.find('\n');
    if (first == std::string::npos) return;
    const std::size_t second = text.find('\n', first + 1);
    validators = text.substr(0, second);
    if (second != std::string::npos) states = text.substr(second + 1);
  }
};

class FeedSource final : public Source {
 public:
  void bind(config::Binder& b) override {
    b.field("url", url_, "Address of the RSS, Atom or JSON feed");
    b.field("path", path_, "A feed saved as a file, instead of url", {.path = true, .exists = true});
    b.field("full", full_,
            "Whether the page of an entry is read instead of what the feed gives: auto (when that is only the "
            "beginning), always or never",
            {.one_of = {"auto", "always", "never"}});
    b.field("max_entries", max_entries_, "Entries beyond this number are left out", {.min = 1, .max = 1'000'000});
    b.field("max_feed_pages", max_feed_pages_, "So many pages of a feed that is split into several are read",
            {.min = 1, .max = 100'000});
    b.field("summaries", summaries_, "Also keep entries of which only a summary can be had");
  }

  [[nodiscard]] std::string location() const override { return url_.empty() ? path_ : url_; }

  [[nodiscard]] std::optional<std::string> fingerprint(SourceContext& context) override {
    if (!url_.empty()) return std::nullopt;
    const auto stat = context.files.stat(path_);
    if (!stat) return std::nullopt;
    return sha256_hex(path_ + "\n" + std::to_string(stat->size) + "\n" + std::to_string(stat->modified_ns));
  }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    if (url_.empty() == path_.empty()) {
      return fail(ErrorKind::usage, tr("A feed needs either `url` or `path`"), location());
    }
    const Cursor cursor(context.cursor);
    auto fetched = url_.empty() ? read_file(context, cursor) : download(context, cursor);
    if (!fetched) return tl::unexpected(fetched.error());
    // A feed shows only its newest entries: it is never complete, what it no longer shows is not gone.
    if (fetched->unchanged) return SourceReport{.complete = false, .unchanged = true, .cursor = context.cursor};
    Run run{context, sink, web::ItemStates(cursor.states), web::Pages(context, no_javascript_)};
    std::string bytes = std::move(fetched->bytes), url = fetched->url;
    for (int page = 1; page == 1 || !bytes.empty(); ++page) {  // an empty answer is no empty feed
      auto feed = parse_feed(bytes, {.max_entries = static_cast<std::size_t>(max_entries_)});
      if (!feed) {
        feed.error().where = page == 1 ? location() : url;
        if (page == 1) return tl::unexpected(feed.error());
        if (!run.give(tl::unexpected(feed.error()))) return SourceReport{};
        break;
      }
      if (!read_entries(run, *feed, url)) return SourceReport{};
      auto more = next_page(run, *feed, url, page);
      if (!more) {
        if (!run.give(tl::unexpected(more.error()))) return SourceReport{};
        break;
      }
      bytes = std::move(*more);
    }
    if (run.left_out > 0) {
      (void)run.give(fail(ErrorKind::limit, tr("{} entries beyond max_entries were left out", run.left_out), location(),
                          tr("Raise max_entries of this source")));
    }
    // After a failure the feed is asked for without condition, but pages that were read are not read again.
    const std::string validators = run.failed ? "\n" : fetched->validators;
    return SourceReport{.complete = false,
                        .unchanged = false,
                        .cursor = validators + "\n" + run.states.cursor(),
                        .cursor_by_item = true,
                        .notes = std::move(run.pages.notes)};
  }

 private:
  struct Run {
    SourceContext& context;
    const ItemSink& sink;
    web::ItemStates states;
    web::Pages pages;
    std::set<std::string> visited = {};  ///< pages of the feed
    std::size_t entries = 0, left_out = 0;
    bool failed = false;

    /// False when the sink said stop.
    [[nodiscard]] bool give(Item&& item) {
      failed = failed || !item;
      return sink(std::move(item));
    }
  };

  [[nodiscard]] Result<Fetched> read_file(const SourceContext& context, const Cursor& cursor) const {
    auto bytes = context.files.read(path_, context.max_item_bytes);
    if (!bytes) {
      bytes.error().where = path_;
      return tl::unexpected(bytes.error());
    }
    Fetched out;
    out.validators = sha256_hex(*bytes) + "\n";
    out.unchanged = out.validators == cursor.validators;
    out.bytes = std::move(*bytes);
    return out;
  }

  /// A conditional GET (RFC 9110, 13): the server answers 304 when nothing changed.
  [[nodiscard]] Result<Fetched> download(SourceContext& context, const Cursor& cursor) const {
    Headers headers = {{"Accept",
                        "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, "
                        "*/*;q=0.5"}};
    const std::size_t line = cursor.validators.find('\n');
    if (line != std::string::npos) {
      const std::string etag = cursor.validators.substr(0, line), modified = cursor.validators.substr(line + 1);
      if (!etag.empty()) headers.emplace_back("If-None-Match", etag);
      if (!modified.empty()) headers.emplace_back("If-Modified-Since", modified);
    }
    auto response = web::get(context, url_, headers);
    if (!response) return tl::unexpected(response.error());
    Fetched out;
    out.unchanged = response->status == 304;
    out.url = response->url.empty() ? url_ : response->url;
    out.validators = std::string(response->header("etag")) + "\n" + std::string(response->header("last-modified"));
    out.bytes = std::move(response->body);
    return out;
  }

  /// False when the sink said stop.
  [[nodiscard]] bool read_entries(Run& run, Feed& feed, const std::string& base) const {
    run.left_out += feed.left_out;
    for (auto& entry : feed.entries) {
      if (run.context.stop.stop_requested()) return false;
      if (run.entries >= static_cast<std::size_t>(max_entries_)) {
        ++run.left_out;
        continue;
      }
      ++run.entries;
      if (!read_entry(run, std::move(entry), feed, base)) return false;
    }
    if (feed.problem.empty()) return true;
    return run.give(fail(ErrorKind::invalid, feed.problem, location(), tr("The entries before it were read")));
  }

  [[nodiscard]] bool read_entry(Run& run, FeedEntry entry, const Feed& feed, const std::string& base) const {
    const bool excerpt = is_excerpt(entry);
    const std::string link = entry.link.empty() ? "" : resolve_url(base.empty() ? feed.link : base, entry.link);
    const bool whole = full_ == "always" || (full_ == "auto" && excerpt);
    if (!whole || !web::parse_address(link)) {
      if (excerpt && !summaries_ && !text::trim(entry.content).empty()) return true;
      auto made = item(std::move(entry), feed, base, excerpt);
      return (made && !run.context.wants(made->url)) || run.give(std::move(made));
    }
    const std::string state = sha256_hex(entry.title + "\n" + entry.content + "\n" + std::to_string(entry.updated));
    if (run.states.unchanged(link, state)) {
      run.context.unchanged(link);
      return true;
    }
    if (!run.context.wants(link)) {
      run.states.carry(link);
      return true;
    }
    auto page = run.pages.get(link);
    if (page) {
      describe(*page, entry, feed);
      run.states.read(link, state);
    }
    return run.give(std::move(page));
  }

  /// The bytes of the page after this one; empty at the end.
  [[nodiscard]] Result<std::string> next_page(Run& run, const Feed& feed, std::string& url, int page) const {
    const std::string next = resolve_url(url.empty() ? feed.link : url, feed.next);
    run.visited.insert(url);
    if (feed.next.empty() || !web::parse_address(next) || !run.visited.insert(next).second) return std::string();
    if (page >= max_feed_pages_) {
      return fail(ErrorKind::limit, tr("The feed has more pages than max_feed_pages ({})", max_feed_pages_), next,
                  tr("Raise max_feed_pages of this source"));
    }
    auto response = web::get(run.context, next);
    if (!response) return tl::unexpected(response.error());
    url = next;
    return std::move(response->body);
  }

  [[nodiscard]] Item item(FeedEntry entry, const Feed& feed, const std::string& base, bool excerpt) const {
    RawDocument raw;
    if (!entry.link.empty()) raw.url = resolve_url(base.empty() ? feed.link : base, entry.link);
    if (raw.url.empty() && !entry.id.empty()) raw.url = "feed:" + location() + "#" + entry.id;
    const std::string name = entry.title.empty() ? entry.id : entry.title;
    if (raw.url.empty()) {
      return fail(ErrorKind::invalid, tr("The entry '{}' has neither a link nor an id", name), location());
    }
    if (text::trim(entry.content).empty()) {
      return fail(ErrorKind::invalid, tr("The entry '{}' has no content in the feed", name), raw.url,
                  tr("The feed gives titles only; export the posts and use a folder instead"));
    }
    raw.media_type = entry.media_type;
    raw.bytes = std::move(entry.content);
    raw.metadata["charset"] = "utf-8";
    if (excerpt) raw.metadata["summary"] = "true";
    describe(raw, entry, feed);
    return raw;
  }

  /// What the feed says of an entry, besides its content.
  static void describe(RawDocument& raw, const FeedEntry& entry, const Feed& feed) {
    raw.title = web::plain_title(entry.title);
    raw.authors = entry.authors;
    raw.language = entry.language;
    raw.published = entry.published;
    raw.metadata["feed"] = feed.title;
    if (entry.updated != 0 && entry.updated != entry.published) raw.metadata["modified"] = format_time(entry.updated);
    if (!entry.tags.empty()) raw.metadata["tags"] = web::joined(entry.tags);
  }

  std::string url_, path_;
  std::string full_ = "auto";
  int max_entries_ = 10'000;
  int max_feed_pages_ = 50;
  bool summaries_ = true;
  web::JavascriptConfig no_javascript_ = {.when = "never"};
};

Claim accepts(const std::string& location) {
  std::string text = text::fold(location);
  text = text.substr(0, text.find_first_of("?#"));
  while (!text.empty() && text.back() == '/') text.pop_back();
  const auto ends_with = [&](std::string_view end) {
    return text.size() > end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
  };
  // A sitemap is the business of the source `site`.
  if (text.substr(text.find_last_of('/') + 1).find("sitemap") != std::string::npos) return {};
  for (const std::string_view end :
       {".xml", ".rss", ".atom", ".rdf", "/rss", "/feed", "/atom", "/feeds/posts/default", "/feed.json"}) {
    if (ends_with(end)) return {Claim::shape, tr("the address looks like that of a feed")};
  }
  // medium.com/feed/@user, v2.velog.io/rss/@user, brunch.co.kr/rss/@@id
  const bool web = text.rfind("http", 0) == 0;
  if (!web || (text.find("/rss/") == std::string::npos && text.find("/feed/") == std::string::npos &&
               text.find("://rss.") == std::string::npos)) {
    return {};
  }
  return {Claim::shape, tr("the address looks like that of a feed")};
}

}  // namespace

TWIN_SOURCE(feed, {.description = "An RSS, Atom or JSON feed",
                   .needs = "",
                   .examples = {{"https://example.org/feed.xml", true},
                                {"https://example.org/blog/rss", true},
                                {"https://example.org/atom/", true},
                                {"https://v2.velog.io/rss/@someone", true},
                                {"https://example.org/feed.json", true},
                                {"https://example.org/sitemap.xml", false},
                                {"https://example.org/blog/post", false},
                                {"https://example.org/project.git", false},
                                {"/home/me/blog", false}},
                   .accepts = accepts,
                   .make = [] { return std::make_unique<FeedSource>(); }})

}  // namespace twin::feature
