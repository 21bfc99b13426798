// The newest stories of a writer or a publication on Medium, by its feed.
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/sources/feed/feed_parser.h"
#include "feature/sources/source.h"
#include "feature/sources/web/address.h"
#include "feature/sources/web/json.h"
#include "feature/sources/web/page.h"

namespace twin::feature {
namespace {

/// The feed of an address: medium.com/@user, medium.com/publication, user.medium.com, a domain of its own. Empty for
/// what is none.
std::string feed_of(const std::string& location) {
  const auto address = web::parse_address(location);
  if (!address) return {};
  const auto parts = address->parts();
  if (address->is("medium.com")) {
    if (parts.empty()) return {};
    if (parts[0] == "feed") return parts.size() > 1 ? "https://medium.com/feed/" + parts[1] : std::string();
    return "https://medium.com/feed/" + parts[0];
  }
  if (const std::string user = address->label_below("medium.com"); !user.empty())
    return "https://" + user + ".medium.com/feed";
  return address->origin + "/feed";
}

/// Story addresses in a feed say that they come from it: "?source=rss-…".
std::string story_url(const std::string& link) {
  return link.substr(0, link.find_first_of("?#"));
}

class Medium final : public Source {
 public:
  void bind(config::Binder& b) override {
    b.field("url", url_, "https://medium.com/@user, https://user.medium.com, a publication, or a domain of Medium's",
            {.required = true});
  }

  [[nodiscard]] std::string location() const override { return url_; }
  [[nodiscard]] std::optional<std::string> fingerprint(SourceContext&) override { return std::nullopt; }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    const std::string address = feed_of(url_);
    if (address.empty()) {
      return fail(ErrorKind::usage, tr("This is no address of Medium"), url_,
                  tr("For example: {}", "https://medium.com/@user"));
    }
    Headers headers = {{"Accept", "application/rss+xml, application/xml;q=0.9, */*;q=0.5"}};
    if (!context.cursor.empty()) headers.emplace_back("If-None-Match", context.cursor);
    const auto response = web::get(context, address, headers);
    if (!response) return tl::unexpected(response.error());
    if (response->status == 304) return SourceReport{.complete = false, .unchanged = true, .cursor = context.cursor};
    auto feed = parse_feed(response->body);
    if (!feed) {
      feed.error().where = address;
      return tl::unexpected(feed.error());
    }
    SourceReport report{.complete = false, .unchanged = false, .cursor = std::string(response->header("etag"))};
    for (auto& entry : feed->entries) {
      if (context.stop.stop_requested()) return SourceReport{};
      const std::string url = story_url(entry.link);
      if (!url.empty() && !context.wants(url)) continue;
      if (!sink(item(std::move(entry), url, *feed, report))) return SourceReport{};
    }
    if (!feed->problem.empty() &&
        !sink(fail(ErrorKind::invalid, feed->problem, address, tr("The entries before it were read")))) {
      return SourceReport{};
    }
    report.notes.push_back(
        {ErrorKind::limit, tr("Medium's feed holds only about the ten newest stories ({} now)", feed->entries.size()),
         url_, tr("For all of them: Settings, Download your information; then a source of the type medium_export")});
    return report;
  }

 private:
  [[nodiscard]] static Item item(FeedEntry entry, const std::string& url, const Feed& feed, SourceReport& report) {
    if (url.empty())
      return fail(ErrorKind::invalid, tr("The entry '{}' has neither a link nor an id", entry.title), feed.link);
    if (text::trim(entry.content).empty()) {
      return fail(ErrorKind::invalid, tr("The entry '{}' has no content in the feed", entry.title), url,
                  tr("The feed gives titles only; export the posts and use a folder instead"));
    }
    RawDocument raw;
    raw.url = url;
    if (is_excerpt(entry)) {
      raw.metadata["preview"] = "true";
      report.notes.push_back({ErrorKind::invalid,
                              tr("Only the beginning of this post can be read: the rest is for paying subscribers"),
                              url,
                              {}});
    }
    raw.media_type = entry.media_type;
    raw.bytes = std::move(entry.content);
    raw.title = web::plain_title(entry.title);
    raw.authors = std::move(entry.authors);
    raw.language = std::move(entry.language);
    raw.published = entry.published;
    raw.metadata["charset"] = "utf-8";
    if (entry.updated != 0 && entry.updated != entry.published) raw.metadata["modified"] = format_time(entry.updated);
    if (!entry.tags.empty()) raw.metadata["tags"] = web::joined(entry.tags);
    return raw;
  }

  std::string url_;
};

Claim accepts(const std::string& location) {
  const auto address = web::parse_address(location);
  if (!address) return {};
  const auto parts = address->parts();
  const bool user = address->is("medium.com") && !parts.empty() && parts[0].starts_with("@");
  const std::string below = address->label_below("medium.com");
  if (!user && (below.empty() || below == "help" || below == "api" || address->path == "/feed")) return {};
  return {Claim::site, tr("the address of a writer on Medium")};
}

}  // namespace

TWIN_SOURCE(medium, {.description = "The newest stories of a writer on Medium",
                     .needs = "",
                     .examples = {{"https://medium.com/@someone", true},
                                  {"https://someone.medium.com/", true},
                                  {"https://medium.com/feed/@someone", false},
                                  {"https://someone.medium.com/feed", false},
                                  {"https://medium.com/", false},
                                  {"https://example.org/@someone", false}},
                     .accepts = accepts,
                     .make = [] { return std::make_unique<Medium>(); }})

}  // namespace twin::feature
