// The articles of a writer on Brunch: the list of its API, else its feed; the page of each article.
#include <set>

#include "core/i18n.h"
#include "feature/collect/canonical_url.h"
#include "feature/sources/brunch/brunch_api.h"
#include "feature/sources/feed/feed_parser.h"
#include "feature/sources/source.h"
#include "feature/sources/web/address.h"
#include "feature/sources/web/json.h"
#include "feature/sources/web/listing.h"
#include "feature/sources/web/page.h"

namespace twin::feature {
namespace {

/// "someone" of https://brunch.co.kr/@someone; empty when it is none.
std::string writer_of(const std::string& location) {
  const auto address = web::parse_address(location);
  if (!address || !address->is("brunch.co.kr")) return {};
  const auto parts = address->parts();
  if (parts.empty() || parts.front().size() < 2 || parts.front()[0] != '@' || parts.front()[1] == '@') return {};
  return parts.front().substr(1);
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

std::string number_of(const std::string& location) {
  const auto address = web::parse_address(location);
  const auto parts = address ? address->parts() : std::vector<std::string>{};
  return parts.size() == 2 && is_number(parts[1]) ? parts[1] : std::string();
}

class Brunch final : public Source {
 public:
  void bind(config::Binder& b) override {
    b.field("url", url_, "https://brunch.co.kr/@writer, or one article", {.required = true});
    b.field("max_posts", max_posts_, "Posts beyond this number are left out", {.min = 1, .max = 1'000'000});
    b.field("recheck_newest", recheck_newest_,
            "Where the list does not tell of edits, so many of the newest articles are read again at each run",
            {.min = 0, .max = 1'000'000, .key_irrelevant = true});
  }

  [[nodiscard]] std::string location() const override { return url_; }
  [[nodiscard]] std::optional<std::string> fingerprint(SourceContext&) override { return std::nullopt; }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    const std::string writer = writer_of(url_);
    if (writer.empty()) {
      return fail(ErrorKind::usage, tr("This is no address of a writer on Brunch"), url_,
                  tr("For example: {}", "https://brunch.co.kr/@writer"));
    }
    Run run(context, sink, url_, no_javascript_);
    run.writer = writer;
    if (const std::string number = number_of(url_); !number.empty()) {
      brunch::Listed one;
      one.number = number;
      run.articles.push_back(std::move(one));
      run.listed_all = true;
    } else {
      const auto listed = list(run);
      if (!listed && listed.error().kind == ErrorKind::cancelled) return tl::unexpected(listed.error());
      const auto fed = add_feed(run);
      if (!listed && !fed) return tl::unexpected(listed.error());
      if (!listed)
        run.note(
            tr("The list of articles cannot be read ({}); its feed holds only the newest", listed.error().message));
      if (!fed && listed) run.note(tr("The listing could not be checked against the feed: {}", fed.error().message));
    }
    int place = 0;
    for (const auto& article : run.articles) {
      if (context.stop.stop_requested() || !read(run, article, place++ < recheck_newest_)) return SourceReport{};
    }
    return run.finish();
  }

 private:
  struct Run : web::PageListing {
    using PageListing::PageListing;
    std::string writer;
    std::vector<brunch::Listed> articles;
    std::set<std::string> numbers;
  };

  [[nodiscard]] static std::string article_url(const Run& run, const std::string& number) {
    return "https://brunch.co.kr/@" + percent_encode_path(run.writer) + "/" + number;
  }

  /// Newest first; the next page begins before the time of the last article.
  [[nodiscard]] Result<void> list(Run& run) const {
    std::string last;
    std::set<std::string> times;
    while (!run.context.stop.stop_requested()) {
      std::string address =
          "https://api.brunch.co.kr/v2/article/@" + percent_encode_path(run.writer) + "?membershipContent=true";
      if (!last.empty()) address += "&lastTime=" + web::query_encode(last);
      const auto response = web::get(run.context, address);
      auto page = response ? brunch::parse_list(response->body) : tl::unexpected(response.error());
      if (!page) {
        page.error().where = address;
        if (last.empty()) return tl::unexpected(page.error());
        return run.cut_short(page.error());
      }
      bool fresh = false;
      for (auto& article : page->articles) {
        if (!run.numbers.insert(article.number).second) continue;
        fresh = true;
        if (!article.public_status) continue;
        if (run.articles.size() >= static_cast<std::size_t>(max_posts_)) return run.cut_at(max_posts_);
        last = article.publish_time;
        run.articles.push_back(std::move(article));
      }
      if (page->articles.empty() || !page->more) {
        run.listed_all = true;
        return {};
      }
      if (!fresh || last.empty() || !times.insert(last).second) {
        run.note_repeating(run.numbers.size());
        return {};
      }
    }
    return {};
  }

  [[nodiscard]] Result<void> add_feed(Run& run) const {
    const auto profile = web::get(run.context, "https://brunch.co.kr/@" + percent_encode_path(run.writer));
    if (!profile) return tl::unexpected(profile.error());
    const std::string address = brunch::feed_of_profile(profile->body);
    if (address.empty()) return fail(ErrorKind::not_found, tr("The writer's page names no feed"), url_);
    const auto response = web::get(run.context, resolve_url("https://brunch.co.kr/", address));
    auto feed = response ? parse_feed(response->body) : tl::unexpected(response.error());
    if (!feed) return tl::unexpected(feed.error());
    std::size_t missing = 0;
    for (auto& entry : feed->entries) {
      if (run.limited) break;
      brunch::Listed article;
      article.number = number_of(resolve_url("https://brunch.co.kr/", entry.link));
      if (article.number.empty() || !run.numbers.insert(article.number).second) continue;
      article.title = web::plain_title(entry.title);
      if (!entry.authors.empty()) article.author = entry.authors.front();
      article.published = entry.published;
      run.articles.push_back(std::move(article));
      ++missing;
    }
    if (missing > 0 && run.listed_all) run.note_missing(missing);
    return {};
  }

  /// False when the sink said stop.
  [[nodiscard]] bool read(Run& run, const brunch::Listed& listed, bool recheck) const {
    const std::string url = article_url(run, listed.number);
    const bool dated = !listed.updated.empty();
    const std::string state = dated ? listed.updated : "title:" + listed.title;
    if (!run.wants(url, state, recheck && !dated)) return true;
    auto item = run.pages.get(url);
    if (!item) return run.sink(std::move(item));
    auto page = brunch::read_post_page(item->bytes);
    if (!page.has_body) {
      return run.sink(fail(ErrorKind::invalid, tr("The page holds no article: it may be for members only"), url));
    }
    item->title = listed.title.empty() ? page.title : listed.title;
    const std::string& author = listed.author.empty() ? page.author : listed.author;
    if (!author.empty()) item->authors = {author};
    item->published = listed.published != 0 ? listed.published : page.published;
    if (!listed.subtitle.empty()) item->metadata["subtitle"] = listed.subtitle;
    if (!listed.magazine.empty()) item->metadata["series"] = listed.magazine;
    const auto& keywords = listed.keywords.empty() ? page.keywords : listed.keywords;
    if (!keywords.empty()) item->metadata["tags"] = web::joined(keywords);
    run.states.read(url, state);
    return run.sink(std::move(item));
  }

  std::string url_;
  int max_posts_ = 10'000;
  int recheck_newest_ = 10;
  web::JavascriptConfig no_javascript_ = {.when = "never"};
};

Claim accepts(const std::string& location) {
  return writer_of(location).empty() ? Claim{} : Claim{Claim::site, tr("the address of a writer on Brunch")};
}

}  // namespace

TWIN_SOURCE(brunch, {.description = "The articles of a writer on Brunch",
                     .needs = "",
                     .examples = {{"https://brunch.co.kr/@someone", true},
                                  {"https://brunch.co.kr/@someone/12", true},
                                  {"https://brunch.co.kr/rss/@@1abc", false},
                                  {"https://brunch.co.kr/", false},
                                  {"https://example.org/@someone", false}},
                     .accepts = accepts,
                     .make = [] { return std::make_unique<Brunch>(); }})

}  // namespace twin::feature
