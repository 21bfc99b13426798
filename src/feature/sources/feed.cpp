// An RSS or Atom feed: the newest posts of a blog.
#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/clean/dom.h"
#include "feature/collect/canonical_url.h"
#include "feature/collect/fetch.h"
#include "feature/sources/feed/feed_parser.h"
#include "feature/sources/source.h"

namespace twin::feature {
namespace {

struct Fetched {
  bool unchanged = false;
  std::string bytes;
  std::string url;     ///< that links are relative to
  std::string cursor;  ///< "etag", new line, "last-modified"; of a file its hash
};

/// Titles are text by the book and HTML in practice: "Tips &amp; tricks", "<b>New</b>".
std::string plain(const std::string& title) {
  if (title.find_first_of("<&") == std::string::npos) return title;
  const auto document = html::Document::parse(title);
  if (!document || document->body() == nullptr) return title;
  const std::string text(text::trim(html::text_content(document->body())));
  return text.empty() ? title : text;
}

class FeedSource final : public Source {
 public:
  void bind(config::Binder& b) override {
    b.field("url", url_, "Address of the RSS or Atom feed");
    b.field("path", path_, "A feed saved as a file, instead of url", {.path = true, .exists = true});
    b.field("max_entries", max_entries_, "Entries beyond this number are left out", {.min = 1, .max = 1'000'000});
    b.field("summaries", summaries_, "Also keep entries of which the feed gives only a summary");
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
    const auto fetched = url_.empty() ? read_file(context) : download(context);
    if (!fetched) return tl::unexpected(fetched.error());
    // A feed shows only its newest entries: it is never complete, what it no longer shows is not gone.
    if (fetched->unchanged) return SourceReport{.complete = false, .unchanged = true, .cursor = context.cursor};
    auto feed = parse_feed(fetched->bytes, {.max_entries = static_cast<std::size_t>(max_entries_)});
    if (!feed) {
      feed.error().where = location();
      return tl::unexpected(feed.error());
    }
    for (auto& entry : feed->entries) {
      if (context.stop.stop_requested()) return SourceReport{};
      if (entry.summary && !summaries_) continue;
      if (!sink(item(std::move(entry), *feed, fetched->url))) return SourceReport{};
    }
    if (!feed->problem.empty()) {
      sink(fail(ErrorKind::invalid, feed->problem, location(), tr("The entries before it were read")));
    }
    if (feed->left_out > 0) {
      sink(fail(ErrorKind::limit, tr("{} entries beyond max_entries were left out", feed->left_out), location(),
                tr("Raise max_entries of this source")));
    }
    return SourceReport{.complete = false, .unchanged = false, .cursor = fetched->cursor};
  }

 private:
  [[nodiscard]] Result<Fetched> read_file(const SourceContext& context) const {
    auto bytes = context.files.read(path_, context.max_item_bytes);
    if (!bytes) {
      bytes.error().where = path_;
      return tl::unexpected(bytes.error());
    }
    Fetched out;
    out.cursor = sha256_hex(*bytes);
    out.unchanged = out.cursor == context.cursor;
    out.bytes = std::move(*bytes);
    return out;
  }

  /// A conditional GET (RFC 9110, 13): the server answers 304 when nothing changed.
  [[nodiscard]] Result<Fetched> download(SourceContext& context) const {
    HttpRequest request;
    request.url = url_;
    request.max_bytes = context.max_item_bytes;
    request.stop = context.stop;
    request.headers = {{"Accept", "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5"}};
    const std::size_t line = context.cursor.find('\n');
    if (line != std::string::npos) {
      const std::string etag = context.cursor.substr(0, line), modified = context.cursor.substr(line + 1);
      if (!etag.empty()) request.headers.emplace_back("If-None-Match", etag);
      if (!modified.empty()) request.headers.emplace_back("If-Modified-Since", modified);
    }
    auto response = fetch(context.http, context.clock, request);
    if (!response) return tl::unexpected(response.error());
    Fetched out;
    out.unchanged = response->status == 304;
    out.url = response->url.empty() ? url_ : response->url;
    const std::string etag(response->header("etag")), modified(response->header("last-modified"));
    if (!etag.empty() || !modified.empty()) out.cursor = etag + "\n" + modified;
    out.bytes = std::move(response->body);
    return out;
  }

  [[nodiscard]] Item item(FeedEntry entry, const Feed& feed, const std::string& base) const {
    RawDocument raw;
    raw.url = resolve_url(base.empty() ? feed.link : base, entry.link);
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
    raw.title = plain(entry.title);
    raw.authors = std::move(entry.authors);
    raw.language = std::move(entry.language);
    raw.published = entry.published;
    raw.metadata["feed"] = feed.title;
    raw.metadata["charset"] = "utf-8";
    if (entry.summary) raw.metadata["summary"] = "true";
    std::string tags;
    for (const auto& tag : entry.tags) tags += (tags.empty() ? "" : ", ") + tag;
    if (!tags.empty()) raw.metadata["tags"] = tags;
    return raw;
  }

  std::string url_, path_;
  int max_entries_ = 10'000;
  bool summaries_ = true;
};

Claim accepts(const std::string& location) {
  std::string text = text::fold(location);
  text = text.substr(0, text.find_first_of("?#"));
  while (!text.empty() && text.back() == '/') text.pop_back();
  const auto ends_with = [&](std::string_view end) {
    return text.size() > end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
  };
  for (const std::string_view end :
       {".xml", ".rss", ".atom", ".rdf", "/rss", "/feed", "/atom", "/feeds/posts/default"}) {
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

TWIN_SOURCE(feed, {.description = "An RSS or Atom feed",
                   .needs = "",
                   .examples = {{"https://example.org/feed.xml", true},
                                {"https://example.org/blog/rss", true},
                                {"https://example.org/atom/", true},
                                {"https://v2.velog.io/rss/@someone", true},
                                {"https://example.org/blog/post", false},
                                {"https://example.org/project.git", false},
                                {"/home/me/blog", false}},
                   .accepts = accepts,
                   .make = [] { return std::make_unique<FeedSource>(); }})

}  // namespace twin::feature
